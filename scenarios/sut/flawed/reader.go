package flawed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/seatrial/seatrial/scenarios/sut"
)

// reader is the engine that reads a directory by itself: it finds hashes, and creates who is missing at the target with them.
type reader struct {
	*engine
	flaw  ReaderFlaw
	tells told
	file  string // where the memory is kept

	interval time.Duration
	mode     string // liveSync or reconciliation
	strategy string // cookie or changeNumber

	turn   chan struct{} // holds a token: who has it uses the memory, and stores it
	memory memory
}

// memory is what the reader must not forget.
type memory struct {
	Begun    bool                 `json:"begun"` // everybody was looked at once
	Server   string               `json:"server"`
	Number   int64                `json:"number"` // the last change that was dealt with there
	Cookie   string               `json:"cookie"`
	Seen     map[string]memo      `json:"seen"`
	Parked   map[string]bool      `json:"parked"`
	Blind    bool                 `json:"blind"`  // somebody showed no password
	Buried   map[string]bool      `json:"buried"` // BuriesNames
	Open     map[string]time.Time `json:"open"`   // deliveries that were begun and whose end is not known
	Outcomes []sut.Outcome        `json:"outcomes"`
	Since    time.Time            `json:"since"`          // SkipsWhatMoved
	Kept     []string             `json:"kept,omitempty"` // StoresHashes
}

// How often the directory is asked, how long it may take to answer, and how long it is left alone after it has failed. A bind that
// was refused is not tried soon again: it might lock the account.
const (
	lookEvery   = 10 * time.Second
	askFor      = 30 * time.Second
	firstPause  = time.Second
	longPause   = time.Minute
	refusedWait = 5 * time.Minute
)

// ReaderWith builds the engine that reads a directory, with one flaw.
func ReaderWith(flaw ReaderFlaw) sut.Factory {
	return func(p sut.Place) (sut.System, error) {
		if p.Directory == nil {
			return nil, errors.New("there is no directory to read")
		}
		r := &reader{engine: newEngine(p, None), flaw: flaw, file: filepath.Join(p.Dir, "reader.json"), interval: lookEvery, mode: "liveSync", strategy: "cookie", turn: make(chan struct{}, 1)}
		r.bareAccounts, r.hashForPassword = flaw == MakesBareAccounts, flaw == WritesHashAsPassword
		r.turn <- struct{}{}
		return r, r.obey(p.Settings)
	}
}

// obey takes the few settings that a scenario may have for whoever reads a directory.
func (r *reader) obey(settings map[string]any) error {
	section, _ := settings["ldap"].(map[string]any)
	text := func(name string, into *string) {
		if value, ok := section[name].(string); ok {
			*into = value
		}
	}
	interval := r.interval.String()
	text("interval", &interval)
	text("mode", &r.mode)
	text("strategy", &r.strategy)
	var err error
	r.interval, err = time.ParseDuration(interval)
	return err
}

// ReadsDirectories tells that changes need not be submitted.
func (r *reader) ReadsDirectories() {}

// Start remembers, and begins to read.
func (r *reader) Start(context.Context) error {
	r.memory = memory{Seen: map[string]memo{}, Parked: map[string]bool{}, Buried: map[string]bool{}, Open: map[string]time.Time{}}
	r.tells.say("idm_password_sync_source_password_readable", 1)
	r.tells.say("idm_password_sync_source_connected", 0)
	data, err := os.ReadFile(r.file)
	if err == nil {
		err = json.Unmarshal(data, &r.memory)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("memory: %w", err)
	}
	if r.flaw == ForgetsPosition {
		r.memory.Number, r.memory.Cookie, r.memory.Seen = 0, "", map[string]memo{}
	}
	r.memory.Begun = r.memory.Begun && r.flaw != SkipsDowntime
	r.tells.well()
	r.running.Go(r.read)
	return nil
}

// Submit is for engines that are told of changes.
func (r *reader) Submit(context.Context, sut.Change) (string, error) {
	return "", errors.New("this engine reads a directory")
}

// remember changes the memory, and stores it. Who was cut off stores nothing.
func (r *reader) remember(change func(*memory)) {
	<-r.turn
	defer func() { r.turn <- struct{}{} }()
	if r.ctx.Err() != nil {
		return
	}
	change(&r.memory)
	data, err := json.Marshal(r.memory)
	if err == nil {
		err = os.WriteFile(r.file, data, 0o600)
	}
	if err != nil {
		r.complain("memory", err)
	}
}

// recall looks something up in the memory.
func recall[T any](r *reader, f func(*memory) T) T {
	<-r.turn
	defer func() { r.turn <- struct{}{} }()
	return f(&r.memory)
}

// read goes from server to server until it is told to stop.
func (r *reader) read() {
	urls := r.place.Directory.URLs
	for server, failures := 0, 0; r.ctx.Err() == nil; {
		err := r.visit(urls[server%len(urls)], func() { failures = 0 })
		r.tells.say("idm_password_sync_source_connected", 0)
		if r.ctx.Err() != nil {
			return
		}
		r.complain("the directory", err)
		r.tells.failure(err)
		server, failures = server+1, failures+1
		pause := min(firstPause<<min(failures, 10), longPause)
		switch refused := goldap.IsErrorWithCode(err, goldap.LDAPResultInvalidCredentials); {
		case refused && r.flaw == GivesUpOnRefusedBind, r.flaw == CookieErrorIsFatal && errors.As(err, new(gapError)):
			return
		case refused && r.flaw != HammersRefusedBind:
			pause = refusedWait
		}
		if !r.sleep(pause) {
			return
		}
	}
}

// visit reads from one server until that fails.
func (r *reader) visit(url string, well func()) error {
	c, err := r.connect(url)
	if err != nil {
		return err
	}
	defer c.close()
	r.tells.say("idm_password_sync_source_connected", 1)
	for {
		if err := r.look(c); err != nil {
			return err
		}
		well()
		r.tells.well()
		if !r.sleep(r.interval) {
			return r.ctx.Err()
		}
	}
}

// Outcomes are all final ones, of former lives, too.
func (r *reader) Outcomes(context.Context) ([]sut.Outcome, error) {
	return recall(r, func(m *memory) []sut.Outcome { return slices.Clone(m.Outcomes) }), nil
}

// Artifacts are the log, the audit trail, the metrics, and the memory.
func (r *reader) Artifacts() ([]sut.Artifact, error) {
	var audit bytes.Buffer
	outcomes, _ := r.Outcomes(context.Background())
	for _, o := range outcomes {
		line, _ := json.Marshal(map[string]any{ //nolint:errchkjson // strings and a time always encode
			"time": o.Finished.UTC(), "transactionId": o.TransactionID, "id": o.ID, "userName": o.UserName, "outcome": o.State, "reason": o.Reason,
		})
		audit.Write(append(line, '\n'))
	}
	kept, err := os.ReadFile(r.file)
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return []sut.Artifact{
		{Name: sut.ArtifactLog, Data: bytes.Clone(r.log.Bytes())},
		{Name: sut.ArtifactAudit, Data: audit.Bytes()},
		{Name: sut.ArtifactMetrics, Data: r.tells.text()},
		{Name: "queue/reader.json", Data: kept},
	}, err
}

// Cut ends the reader in the middle of whatever it does.
func (r *reader) Cut() error {
	ctx, cancel := context.WithTimeout(context.Background(), askFor)
	defer cancel()
	return r.Stop(ctx)
}

func (r *reader) complain(what string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(&r.log, `{"level":"WARN","msg":%q,"error":%q}`+"\n", what, err)
}

// told is what the reader says of itself, under the names that a scenario may ask for.
type told struct {
	mu     sync.Mutex
	values map[string]float64
	looked time.Time // when all that there was had been read
}

func (t *told) change(name string, f func(float64) float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.values == nil {
		t.values = map[string]float64{}
	}
	t.values[name] = f(t.values[name])
}

func (t *told) say(name string, value float64) {
	t.change(name, func(float64) float64 { return value })
}

func (t *told) count(name string) { t.change(name, func(v float64) float64 { return v + 1 }) }

// verdict counts what became of a user who was looked at.
func (t *told) verdict(name string) {
	t.count(`idm_password_sync_source_changes_total{outcome="` + name + `"}`)
}

func (t *told) text() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b bytes.Buffer
	for _, always := range []string{"gaps_total", "parked", "references", `changes_total{outcome="deleted"}`, `changes_total{outcome="delivered"}`, `changes_total{outcome="rehash"}`, `changes_total{outcome="stale"}`} {
		if name := "idm_password_sync_source_" + always; t.values[name] == 0 {
			fmt.Fprintf(&b, "%s 0\n", name)
		}
	}
	for name, value := range t.values {
		if value != 0 || !bytes.Contains(b.Bytes(), []byte(name+" ")) {
			fmt.Fprintf(&b, "%s %g\n", name, value)
		}
	}
	return b.Bytes()
}
