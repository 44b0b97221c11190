package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/invariants"
	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/ds"
	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/kernel/faults"
)

// GivenDirectory is the directory that people change their passwords in, instead of a source that tells of each change. The engine
// finds hashes there, by itself.
type GivenDirectory struct {
	Changelog string `json:"changelog,omitempty" jsonschema:"enum=disabled,enum=enabled-cookie-mode-only,enum=enabled" jsonschema_description:"How the changelog can be read; enabled-cookie-mode-only when absent."`
	Replica   bool   `json:"replica,omitempty" jsonschema_description:"Whether there is a second server, which the engine knows, too."`
	Numbers   string `json:"numbers,omitempty" jsonschema:"enum=apart,enum=near" jsonschema_description:"How far apart the two servers count their changes: apart, as in the vendor's documentation, or near, so that a number of one means another change on the other. apart when absent."`
	StartTLS  bool   `json:"start_tls,omitempty" jsonschema_description:"Whether the engine is given ldap:// addresses, to be secured with StartTLS; ldaps:// when absent."`
}

// DirectoryTurn is what happens at the directory. Its rules of faults are its own.
type DirectoryTurn struct {
	At          string         `json:"at,omitempty" jsonschema:"enum=ds,enum=ds2" jsonschema_description:"Which server; ds when absent, ds2 for a lag."`
	Trim        *int           `json:"trim,omitempty" jsonschema:"minimum=0" jsonschema_description:"The changelog forgets all changes but the newest, so many."`
	Readable    *bool          `json:"readable,omitempty" jsonschema_description:"Whether the engine's account has the right to read userPassword."`
	Lag         Duration       `json:"lag,omitempty" jsonschema_description:"How late changes of the other server arrive."`
	Deprecate   string         `json:"deprecate,omitempty" jsonschema:"enum=PBKDF2-HMAC-SHA256,enum=PBKDF2-HMAC-SHA512,enum=BCRYPT" jsonschema_description:"New passwords are stored in this scheme, and the former one is deprecated: who signs in has the password stored anew."`
	SignIn      *Users         `json:"sign_in,omitempty" jsonschema_description:"These users sign in, with the password that they have there."`
	Policy      map[string]any `json:"policy,omitempty" jsonschema:"minProperties=1" jsonschema_description:"The password policy there is changed: properties under dsconfig's names, such as {max-password-age: 1h}."`
	Move        *Users         `json:"move,omitempty" jsonschema_description:"These users are moved to another branch (modify DN); they stay who they are."`
	Recreate    *Users         `json:"recreate,omitempty" jsonschema_description:"The entries of these users are deleted, and others are added with the same DN and no password: somebody else has the user name from then on."`
	Add         string         `json:"add,omitempty" jsonschema:"minLength=1" jsonschema_description:"Entries that an administrator adds, as LDIF: a referral, or the password policy of a branch (a subentry)."`
	Poison      *Users         `json:"poison,omitempty" jsonschema_description:"What is stored of the passwords of these users becomes something that no engine can deliver."`
	Faults      []Fault        `json:"faults,omitempty" jsonschema:"minItems=1" jsonschema_description:"Rules by which the directory misbehaves: with result codes, operations such as BIND or START_TLS, and bound DNs."`
	ClearFaults bool           `json:"clear_faults,omitempty" jsonschema_description:"Removes the rules of this server."`
}

// Notice is what the engine must say of itself, now or soon.
type Notice struct {
	Metric string    `json:"metric" jsonschema:"minLength=1" jsonschema_description:"The name of a metric, with labels if need be; series that have them are added up."`
	Is     *float64  `json:"is,omitempty" jsonschema_description:"Its value."`
	Least  *float64  `json:"at_least,omitempty" jsonschema_description:"Its least value."`
	Within *Duration `json:"within,omitempty" jsonschema_description:"How soon; 1m when absent."`
}

// storageScheme is that of the directory. A salted digest reads the same at a directory and at Oracle, so that the journals of both
// can be compared.
const storageScheme = "SSHA512"

// numbersNear lets the replica be a few numbers behind: fewer than changes are made, so that both have the number of the last.
const (
	numbersNear = "near"
	behind      = 5
)

func (g *GivenDirectory) configure(c *sim.Config) {
	servers := []*ds.Config{&c.DS}
	c.Run = append(slices.Clone(c.Run), sim.DS)
	if g.Replica {
		c.Run = append(c.Run, sim.DS2)
		servers = append(servers, &c.DS2)
	}
	if g.Numbers == numbersNear {
		c.DS2.Directory.Changelog.FirstNumber = c.DS.Directory.Changelog.FirstNumber - behind
	}
	for _, s := range servers {
		s.Directory.Policy.DefaultScheme = storageScheme
		if g.Changelog != "" {
			s.Directory.Changelog.Mode = directory.ChangelogMode(g.Changelog)
		}
	}
}

func (g *GivenDirectory) names() []string {
	if g.Replica {
		return []string{sim.DS, sim.DS2}
	}
	return []string{sim.DS}
}

// source tells the system under test where it reads.
func (g *GivenDirectory) source(w *sim.World) *sut.Directory {
	d := &sut.Directory{Base: "ou=People," + sim.DefaultConfig().DS.Directory.Suffix}
	d.Account, d.Password = w.DSAccount()
	for _, name := range g.names() {
		if g.StartTLS {
			d.URLs = append(d.URLs, w.StartTLSURL(name))
		} else {
			d.URLs = append(d.URLs, w.URL(name))
		}
	}
	return d
}

func (g *GivenDirectory) words() string {
	text := "A directory in which people change their passwords, with the changelog " + g.Changelog
	if g.Changelog == "" {
		text = "A directory in which people change their passwords"
	}
	if g.Replica {
		text += ", and its replica"
	}
	return text + "."
}

// furnishDirectory lets everybody live in the directory: those who live at the target with the same passwords.
func (r *run) furnishDirectory() error {
	if r.scenario.Given.DS == nil {
		return nil
	}
	var users []control.UserInput
	for _, p := range slices.Concat(r.residents, r.newcomers) {
		users = append(users, input(p))
	}
	if _, err := r.control.Populate(r.ctx, sim.DS, users); err != nil {
		return err
	}
	for _, p := range r.residents {
		r.noteStored(p.UserName)
	}
	return nil
}

// noteStored writes down what the directory has stored of a password: it must show nowhere.
func (r *run) noteStored(userName string) {
	if value := r.world.DS().Stored(userName); !value.Empty() {
		r.storedMu.Lock()
		defer r.storedMu.Unlock()
		r.stored = append(r.stored, invariants.Stored{User: userName, Value: value})
	}
}

// sourceJournal is what the system asked the directory.
func (r *run) sourceJournal() (all []control.Entry, err error) {
	if r.scenario.Given.DS == nil {
		return nil, nil
	}
	for _, name := range r.scenario.Given.DS.names() {
		journal, err := r.control.JournalAll(r.ctx, control.JournalQuery{Target: name})
		if err != nil {
			return nil, err
		}
		all = append(all, journal.Entries...)
	}
	return all, nil
}

// changeThere lets a user change the password at the directory. Nobody tells the system under test.
func (r *run) changeThere(s *submission) error {
	answers, err := r.control.ChangePasswords(r.ctx, r.writable, []control.PasswordChangeInput{{UserName: s.User, Password: s.Password}})
	if err != nil {
		return err
	}
	if !answers[0].OK {
		return fmt.Errorf("the directory refuses the password: %d %s", answers[0].Code, answers[0].Message)
	}
	s.stored = answers[0].Stored
	r.noteStored(s.User)
	s.person.stored = s.Password
	return nil
}

// heardOf finds out which change an outcome is about, where the system hears of none: the user's newest when the system accepted it.
// Those between that and the one before were never seen: a directory shows only what is there.
func (r *run) heardOf() {
	if r.scenario.Given.DS == nil {
		return
	}
	known := map[string]bool{}
	for _, s := range r.changes {
		known[s.TransactionID] = true
	}
	for _, o := range r.outcomes {
		if known[o.TransactionID] {
			continue
		}
		at := o.Accepted
		if at.IsZero() {
			at = o.Finished // an earlier life accepted it
		}
		var newest *submission
		for _, s := range r.changes {
			if strings.EqualFold(s.User, o.UserName) && s.Acked && !s.Acknowledged.After(at) {
				newest = s
			}
		}
		if newest == nil || newest.heard() {
			continue
		}
		known[o.TransactionID] = true
		newest.ID, newest.TransactionID = o.ID, o.TransactionID
		for _, s := range r.changes {
			if s == newest {
				break
			}
			s.unseen = s.unseen || s.person == newest.person && !s.heard()
		}
	}
}

// heard tells whether the system has said something about a change at the directory.
func (s *submission) heard() bool { return s.ID != "" }

// hashes says what a target can make of changes at a directory: the first that arrives creates a newcomer.
func (r *run) hashes() {
	created := map[*person]bool{}
	for _, s := range r.changes {
		s.acceptable = s.person.newcomer && r.scenario.Given.Engine.Provision && s.Acked && !s.unseen && !created[s.person]
		created[s.person] = created[s.person] || s.acceptable
	}
}

// atDirectory plays a turn.
func (r *run) atDirectory(t DirectoryTurn) error {
	at := t.At
	if at == "" {
		at = sim.DS
	}
	var errs []error
	if t.Trim != nil {
		_, err := r.control.TrimChangelog(r.ctx, at, *t.Trim)
		errs = append(errs, err)
	}
	if t.Readable != nil {
		errs = append(errs, r.control.SetPasswordReadable(r.ctx, at, *t.Readable))
	}
	if t.Lag > 0 {
		errs = append(errs, r.control.SetReplicationLag(r.ctx, sim.DS2, time.Duration(t.Lag)))
	}
	if t.Deprecate != "" {
		for _, name := range r.scenario.Given.DS.names() {
			errs = append(errs, r.control.SetPolicy(r.ctx, name, map[string]any{
				"default-password-storage-scheme": t.Deprecate, "deprecated-password-storage-scheme": []string{storageScheme},
			}))
		}
	}
	if len(t.Policy) > 0 {
		errs = append(errs, r.control.SetPolicy(r.ctx, at, t.Policy))
	}
	if t.SignIn != nil {
		errs = append(errs, r.signIn(at, r.pick(*t.SignIn)))
	}
	if t.Move != nil || t.Recreate != nil || t.Add != "" {
		errs = append(errs, r.administer(at, t))
	}
	if t.Poison != nil {
		for _, p := range r.pick(*t.Poison) {
			errs = append(errs, r.world.DS().Poison(p.UserName))
		}
	}
	for _, f := range t.Faults {
		id := faultID(f, len(r.planned)+len(r.faults)+len(r.directoryFaults))
		_, err := r.control.AddFault(r.ctx, at, r.faultInput(f, id))
		r.directoryFaults = append(r.directoryFaults, id)
		errs = append(errs, err)
	}
	if t.ClearFaults {
		errs = append(errs, r.noteDirectory(at))
	}
	return errors.Join(errs...)
}

func (r *run) signIn(at string, list []*person) error {
	attempts := make([]control.LogInInput, 0, len(list))
	for _, p := range list {
		password := p.initial
		if !p.stored.Empty() {
			password = p.stored
		}
		attempts = append(attempts, control.LogInInput{UserName: p.UserName, Password: password})
	}
	answers, err := r.control.SignIns(r.ctx, at, attempts)
	if err != nil {
		return err
	}
	for i, a := range answers {
		if !a.OK {
			return premise("%s cannot sign in at the directory: %d", attempts[i].UserName, a.Code)
		}
		r.noteStored(attempts[i].UserName)
	}
	return nil
}

// noteDirectory writes down what the rules of the named servers did, and removes them.
func (r *run) noteDirectory(names ...string) error {
	for _, name := range names {
		list, err := r.control.Faults(r.ctx, name)
		if err != nil {
			return err
		}
		r.faults = append(r.faults, list...)
		if _, err := r.control.RemoveFaults(r.ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// notice waits until a metric says what it must, and writes down whether it did.
func (r *run) notice(n Notice) error {
	limit := time.Minute
	if n.Within != nil {
		limit = time.Duration(*n.Within)
	}
	got, found := 0.0, false
	met, err := r.poll(limit, func() (bool, error) {
		text, err := r.metrics()
		if err != nil {
			return false, err
		}
		got, found = metric(text, n.Metric)
		return found && (n.Is == nil || got == *n.Is) && (n.Least == nil || got >= *n.Least), nil
	})
	if err != nil {
		return err
	}
	check := reports.Check{Name: n.String(), Kind: reports.Expectation, Verdict: reports.Passed}
	switch {
	case !met && !found:
		check.Verdict, check.Detail = reports.Failed, "there is no such metric"
	case !met:
		check.Verdict, check.Detail = reports.Failed, fmt.Sprintf("it is %g after %v", got, limit)
	}
	r.checks = append(r.checks, check)
	return nil
}

func (n Notice) String() string {
	if n.Is != nil {
		return fmt.Sprintf("the engine says that %s is %g", n.Metric, *n.Is)
	}
	return fmt.Sprintf("the engine says that %s is at least %g", n.Metric, *n.Least)
}

func (r *run) metrics() (string, error) {
	list, err := r.system.get().Artifacts()
	for _, a := range list {
		if a.Name == sut.ArtifactMetrics {
			return string(a.Data), err
		}
	}
	return "", err
}

// metric adds up the series of a name that have the labels, all of them when none are given.
func metric(text, wanted string) (sum float64, found bool) {
	name, labels, _ := strings.Cut(strings.TrimSuffix(wanted, "}"), "{")
	for line := range strings.Lines(text) {
		series, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		own, pairs, _ := strings.Cut(strings.TrimSuffix(series, "}"), "{")
		if !ok || own != name {
			continue
		}
		if labels != "" && slices.ContainsFunc(strings.Split(labels, ","), func(pair string) bool { return !slices.Contains(strings.Split(pairs, ","), pair) }) {
			continue
		}
		if v, err := strconv.ParseFloat(value, 64); err == nil {
			sum, found = sum+v, true
		}
	}
	return sum, found
}

// directory: these steps need a directory, and what they name.
func (l *linter) directory(s Step, n *node) {
	switch {
	case s.Directory == nil && s.Notice == nil:
		return
	case s.Notice != nil:
		if (s.Notice.Is == nil) == (s.Notice.Least == nil) {
			l.found.add(n.find("notice").at, "notice: write one of is and at_least")
		}
		return
	case l.scenario.Given.DS == nil:
		l.found.add(n.key("directory"), "directory: there is none; write given: {ds: {}}")
		return
	}
	at, t := n.find("directory"), s.Directory
	if l.scenario.Given.DS.Numbers != "" && !l.scenario.Given.DS.Replica {
		l.found.add(n.key("directory"), "directory: numbers are of two servers; write given: {ds: {replica: true}}")
	}
	if (t.At == sim.DS2 || t.Lag > 0) && !l.scenario.Given.DS.Replica {
		l.found.add(at.at, "directory: there is one server; write given: {ds: {replica: true}}")
	}
	for name, users := range map[string]*Users{"sign_in": t.SignIn, "poison": t.Poison, "move": t.Move, "recreate": t.Recreate} {
		if users != nil {
			l.users(*users, at.find(name))
		}
	}
	if _, err := t.entries(); err != nil {
		l.found.add(at.find("add").at, "%v", err)
	}
	for i, f := range t.Faults {
		l.fault(f, at.find("faults", i), faults.Rule.ValidateLDAP)
	}
}

func (t DirectoryTurn) lines() (lines []string) {
	at := "At the directory, "
	if t.At == sim.DS2 {
		at = "At the replica, "
	}
	add := func(format string, args ...any) { lines = append(lines, at+fmt.Sprintf(format, args...)) }
	if t.Trim != nil {
		add("the changelog forgets all but the newest %d changes.", *t.Trim)
	}
	if t.Readable != nil && *t.Readable {
		add("the engine's account may read userPassword.")
	}
	if t.Readable != nil && !*t.Readable {
		add("the engine's account may not read userPassword any more.")
	}
	if t.Lag > 0 {
		lines = append(lines, fmt.Sprintf("Changes reach the replica %s late.", t.Lag))
	}
	if t.Deprecate != "" {
		add("passwords are stored in the scheme %s from now on.", t.Deprecate)
	}
	if len(t.Policy) > 0 {
		add("the password policy is changed: %s.", compact(t.Policy))
	}
	if t.SignIn != nil {
		add("%s sign in.", peopleWords(*t.SignIn))
	}
	if t.Move != nil {
		add("%s are moved to another branch.", peopleWords(*t.Move))
	}
	if t.Recreate != nil {
		add("%s are deleted, and somebody else gets their user names.", peopleWords(*t.Recreate))
	}
	if added, _ := t.entries(); len(added) > 0 {
		dns := make([]string, len(added))
		for i, e := range added {
			dns[i] = e.DN
		}
		add("an administrator adds %s.", strings.Join(dns, "; "))
	}
	if t.Poison != nil {
		add("what is stored of the passwords of %s can be delivered by nobody.", peopleWords(*t.Poison))
	}
	for _, f := range t.Faults {
		who := "The directory"
		if t.At == sim.DS2 {
			who = "The replica"
		}
		lines = append(lines, f.of(who))
	}
	if t.ClearFaults {
		add("all is well again.")
	}
	return lines
}
