package certify

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/rulebook"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/idcs"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/okta"
	"github.com/seatrial/seatrial/sim/population"
	"github.com/seatrial/seatrial/syncer"
	"github.com/seatrial/seatrial/syncer/idmconf"
)

// embedded marks an input that no file of the customer gave.
const embedded = "default"

// inputs is everything a rehearsal is made of, and where it came from.
type inputs struct {
	host        string // of the identity domain
	clientID    string
	scope       string
	contentType string
	schedule    string
	source      policy.Policy // the domain's when nothing else is known
	ownSource   bool          // the source's policy is the customer's
	target      policy.Policy // of the domain
	org         okta.PasswordSettings
	people      []people.Person
	list        []reports.Input
}

// gather reads the files that the options name. What is wrong inside an IDM folder is noted and replaced; a file that
// the user named and that cannot be read at all is a usage error.
func gather(o Options) (inputs, error) {
	defaults := syncer.DefaultConfig()
	in := inputs{
		host: idcs.DefaultConfig().Host, clientID: idcs.DefaultClient().ID, scope: defaults.IDCS.Scope,
		contentType: defaults.IDCS.ContentType, schedule: defaults.Schedule, target: policy.Standard(), org: okta.DefaultSettings(),
	}
	if err := in.readTargetPolicy(o.TargetPolicy, o.targets()); err != nil {
		return in, err
	}
	in.source = in.target
	if o.IDMConf == "" {
		if slices.Contains(o.targets(), sim.IDCS) {
			in.note("endpoint", "https://"+in.host, embedded)
		}
		in.note("source policy", "the same as the target's", embedded)
		in.note("retry schedule", in.schedule, embedded)
	} else if err := in.readIDM(o.IDMConf); err != nil {
		return in, err
	}
	if err := in.readPeople(o); err != nil {
		return in, err
	}
	return in, nil
}

func (in *inputs) note(what, value, from string) {
	in.list = append(in.list, reports.Input{What: what, Value: value, From: from})
}

// readTargetPolicy reads the policy of one target; whose it is can be seen from its words. The others keep their vendor's.
func (in *inputs) readTargetPolicy(file string, targets []string) error {
	from := map[string]string{sim.IDCS: embedded, sim.Okta: embedded}
	if file != "" {
		data, err := os.ReadFile(file) //nolint:gosec // the file is the user's choice
		if err != nil {
			return &UsageError{fmt.Errorf("--target-policy: %w", err)}
		}
		whose, err := in.decodePolicy(data)
		if err == nil && !slices.Contains(targets, whose) {
			err = fmt.Errorf("is a policy of %s, which is not a target", vendors[whose])
		}
		if err != nil {
			return &UsageError{fmt.Errorf("--target-policy: %s: %w", file, err)}
		}
		from[whose] = file
	}
	for _, target := range targets {
		what := "target policy"
		if len(targets) > 1 {
			what += " of " + vendors[target]
		}
		in.note(what, describe(in.book(target).Attributes()), from[target])
	}
	return nil
}

// decodePolicy reads a policy in Oracle's attributes, or in the sections of Okta's.
func (in *inputs) decodePolicy(data []byte) (target string, err error) {
	var sections map[string]json.RawMessage
	if json.Unmarshal(data, &sections) == nil {
		for _, name := range []string{"complexity", "age", "lockout"} {
			if _, is := sections[name]; is {
				decoder := json.NewDecoder(bytes.NewReader(data))
				decoder.DisallowUnknownFields()
				in.org = okta.PasswordSettings{}
				return sim.Okta, errors.Join(decoder.Decode(&in.org), rulebook.Oktas{PasswordSettings: in.org}.Validate())
			}
		}
	}
	if in.target, err = policy.Decode(data); err == nil {
		err = in.target.Validate()
	}
	return sim.IDCS, err
}

// book is the policy of a target.
func (in *inputs) book(target string) rulebook.Book {
	if target == sim.Okta {
		return rulebook.Oktas{PasswordSettings: in.org}
	}
	return rulebook.Oracles{Policy: in.target}
}

// sourceFor is the policy under which people choose passwords for a target: their own, or the target's.
func (in *inputs) sourceFor(target string) rulebook.Book {
	if in.ownSource {
		return rulebook.Oracles{Policy: in.source}
	}
	return in.book(target)
}

// readIDM takes over what the project folder says and notes each finding.
func (in *inputs) readIDM(folder string) error {
	project, err := idmconf.Read(os.DirFS(folder))
	if err != nil {
		if _, statErr := os.Stat(folder); errors.Is(statErr, fs.ErrNotExist) {
			err = errors.New("there is no such folder")
		}
		return &UsageError{fmt.Errorf("--idm-conf: %s: %w", folder, err)}
	}
	if base, err := url.Parse(project.BaseAddress); err == nil && base.Hostname() != "" {
		in.host = strings.ToLower(base.Hostname())
	}
	in.clientID = cmp.Or(project.ClientID, in.clientID)
	in.scope = cmp.Or(project.Scope, in.scope)
	in.contentType = cmp.Or(project.ContentType, in.contentType)
	in.schedule = cmp.Or(project.Schedule, in.schedule)
	in.source, in.ownSource = fromIDM(project.Policy), true
	for _, f := range project.Findings {
		value := f.Value
		if f.Instead != "" && value == "" {
			value = "used instead: " + f.Instead
		} else if f.Instead != "" {
			value += "; used instead: " + f.Instead
		}
		in.list = append(in.list, reports.Input{
			What: f.What, Value: value, From: filepath.Join(folder, f.File), Line: f.Line, Problem: f.Problem,
		})
	}
	return nil
}

// fromIDM says the source's policy in the terms of the policy checker. Source for the property names: ForgeRock IDM's
// managed/user schema.
func fromIDM(p idmconf.Policy) policy.Policy {
	return policy.Policy{
		MinLength: p.MinLength, MaxLength: p.MaxLength, MinUpperCase: p.Capitals, MinNumerals: p.Numbers,
		DisallowedChars: strings.Join(p.Forbidden, ""), CharacterSets: p.CharacterSets, MinCharacterSets: p.MinSets,
		UserNameDisallowed: slices.Contains(p.Fields, "userName"), FirstNameDisallowed: slices.Contains(p.Fields, "givenName"),
		LastNameDisallowed: slices.Contains(p.Fields, "sn"),
	}
}

// problemsNoted is how many left-out entries of a users file the report names one by one.
const problemsNoted = 10

// readPeople reads the file and adds generated people, whose names yield to those of the file.
func (in *inputs) readPeople(o Options) error {
	taken := map[string]bool{}
	if o.Users != "" {
		stream, report, err := population.ReadFile(o.Users)
		if err != nil {
			return &UsageError{fmt.Errorf("--users: %w", err)}
		}
		for person, err := range stream {
			if err != nil {
				return &UsageError{fmt.Errorf("--users: %w", err)}
			}
			taken[strings.ToLower(person.UserName)] = true
			in.people = append(in.people, person)
		}
		in.notePeople(*report)
	}
	if o.Population == 0 {
		if len(in.people) == 0 {
			return &UsageError{fmt.Errorf("--users: %s has nobody to rehearse with", o.Users)}
		}
		return nil
	}
	for person := range population.Generate(random.Seed(o.Seed), o.Population) {
		if !taken[strings.ToLower(person.UserName)] {
			in.people = append(in.people, person)
		}
	}
	in.note("users", fmt.Sprintf("%d generated", o.Population), embedded)
	return nil
}

func (in *inputs) notePeople(r population.Report) {
	value := fmt.Sprintf("%d of %d entries", r.Used, r.Read)
	if r.Inactive > 0 {
		value += fmt.Sprintf(", %d of them inactive", r.Inactive)
	}
	if len(r.Schemes) > 0 {
		value += ", password values not taken (" + strings.Join(slices.Sorted(maps.Keys(r.Schemes)), ", ") + ")"
	}
	in.note("users", value, r.Source)
	for i, problem := range r.Skipped {
		if i == problemsNoted {
			in.list = append(in.list, reports.Input{
				What: "users", Value: "left out", From: r.Source,
				Problem: fmt.Sprintf("%d more entries cannot be used", r.SkippedCount-problemsNoted),
			})
			return
		}
		in.list = append(in.list, reports.Input{
			What: "user " + problem.Entry, Value: "left out", From: problem.File, Line: problem.Line, Problem: problem.Text,
		})
	}
}

// describe lists a policy's restrictions under the names that an administrator sees, "minLength 12, maxLength 40".
func describe(p any) string {
	data, err := json.Marshal(p)
	if err != nil {
		return err.Error()
	}
	return strings.NewReplacer(`"`, "", ":", " ", ",", ", ").Replace(strings.TrimSuffix(strings.TrimPrefix(string(data), "{"), "}"))
}
