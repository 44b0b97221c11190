package invariants

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/ds"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// noLeak: no secret of the run, however it is spelled, in anything that the system wrote or in what the journal shows of
// its requests.
func noLeak(v *view) reports.Check {
	if len(v.Artifacts) == 0 {
		return void(NoLeak, "the system under test hands over nothing that it wrote: no log, no audit, no files")
	}
	s := newScanner()
	owners, short := v.secrets(s)
	if len(owners) == 0 {
		return void(NoLeak, "there was no secret to look for")
	}
	var f findings
	size := 0
	for _, a := range v.Artifacts {
		size += len(a.Data)
		for _, h := range s.scan(a.Data) {
			f.add("%s shows in %s at byte %d (%s)", owners[h.owner], a.Name, h.at, h.how)
		}
	}
	// The journal shows dots where it knows a secret. An address is in the log of everything on the way, so none belongs there.
	// So is a filter in that of a directory.
	dots := secret.New("any").String()
	for _, e := range slices.Concat(v.Entries, v.Source) {
		if strings.Contains(e.Path, dots) || strings.Contains(e.Query, dots) {
			f.add("a secret is in the address of journal entry %s, %s %s", numbers(e), e.Method, e.Route)
		}
		if overLDAP(e) && strings.HasSuffix(e.Query, ds.HiddenFilter) {
			f.add("a password is in the filter of journal entry %s, %s %s", numbers(e), e.Method, e.Path)
		}
		text := visible(e)
		size += len(text)
		for _, h := range s.scan(text) {
			f.add("%s shows in journal entry %s, %s %s (%s)", owners[h.owner], numbers(e), e.Method, e.Route, h.how)
		}
	}
	evidence := fmt.Sprintf("%d secrets looked for in %d artifacts and %d journal entries, %d bytes", len(owners), len(v.Artifacts), len(v.Entries)+len(v.Source), size)
	if short > 0 {
		evidence += fmt.Sprintf("; %d secrets of less than %d bytes were not", short, window)
	}
	return f.check(NoLeak, "%s", evidence)
}

// secrets teaches the scanner every secret, and says whose each one is.
func (v *view) secrets(s *scanner) (owners []string, short int) {
	seen := map[string]bool{}
	add := func(owner, secret string) {
		if secret == "" || seen[secret] {
			return
		}
		seen[secret] = true
		if !s.add(secret, len(owners)) {
			short++
			return
		}
		owners = append(owners, owner)
	}
	for _, c := range v.Changes {
		add("the password of "+c.name(), c.Password.Reveal())
	}
	for _, user := range slices.Sorted(maps.Keys(v.Initial)) {
		add("the initial password of "+user, v.Initial[user].Reveal())
	}
	for _, s := range v.Stored {
		for _, text := range digests(s.Value.Reveal()) {
			add("what is stored of a password of "+s.User, text)
		}
	}
	for i, secret := range v.Secrets {
		add(fmt.Sprintf("secret %d of the run (client secret, hook token)", i+1), secret.Reveal())
	}
	return owners, short
}

// digests are what must not show of a stored password: the scheme in front of it, the cost and the signs between them are no
// secret, and not the same everywhere. Each part that is long enough counts, as it stands and as the bytes that it stands for.
func digests(stored string) (list []string) {
	_, payload, _ := strings.Cut(stored, "}")
	for part := range strings.FieldsFuncSeq(payload, func(c rune) bool { return c == ':' || c == '$' }) {
		if len(part) < window {
			continue
		}
		list = append(list, part)
		if raw, err := base64.StdEncoding.DecodeString(part); err == nil {
			list = append(list, hex.EncodeToString(raw))
		}
	}
	return list
}

// visible is what the journal shows of an exchange. Each part stands on a line of its own.
func visible(e control.Entry) []byte {
	var b strings.Builder
	for _, part := range []string{e.Path, e.Query, e.User, e.Surprise, e.RequestBody, e.ResponseBody} {
		b.WriteString(part)
		b.WriteByte('\n')
	}
	for _, headers := range []any{e.RequestHeaders, e.ResponseHeaders} {
		if text, err := json.Marshal(headers); err == nil && headers != nil {
			b.Write(text)
			b.WriteByte('\n')
		}
	}
	return []byte(b.String())
}
