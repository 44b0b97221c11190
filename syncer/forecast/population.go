package forecast

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
)

// User is somebody of the population, as far as policies look at people.
type User struct {
	Person

	Groups []string // names or ids
}

// ReadUsers reads LDIF or CSV, whichever it is: user name, given name, family name and groups, nothing else. Entries
// without a user name (units, groups) are passed over. An error is the last element and names the line.
func ReadUsers(in io.Reader) iter.Seq2[User, error] {
	buffered := bufio.NewReaderSize(in, 64<<10)
	if head, _ := buffered.Peek(3); bytes.Equal(head, []byte("\xef\xbb\xbf")) {
		_, _ = buffered.Discard(3) // it was peeked
	}
	head, _ := buffered.Peek(4 << 10) // trouble is met again by the first read
	for line := range bytes.Lines(head) {
		line = bytes.ToLower(bytes.TrimSpace(line))
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		if bytes.HasPrefix(line, []byte("dn:")) || bytes.HasPrefix(line, []byte("version:")) {
			return usersOfLDIF(buffered)
		}
		break
	}
	return usersOfCSV(buffered, head)
}

// set takes a value by the name of its attribute or column.
func (u *User) set(name, value string) {
	value = strings.TrimSpace(value)
	switch strings.NewReplacer(" ", "", "-", "", "_", "").Replace(strings.ToLower(strings.TrimSpace(name))) {
	case "uid", "userid", "username", "login":
		u.UserName = value
	case "samaccountname":
		if u.UserName == "" {
			u.UserName = value
		}
	case "givenname", "firstname":
		u.GivenName = value
	case "sn", "surname", "lastname", "familyname":
		u.FamilyName = value
	case "memberof", "ismemberof", "groups":
		for group := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == '|' || r == ';' }) {
			u.Groups = append(u.Groups, groupName(group))
		}
	}
}

// groupName is the first part of a distinguished name: cn=Staff,ou=groups → Staff.
func groupName(text string) string {
	text = strings.TrimSpace(text)
	first, _, _ := strings.Cut(text, ",")
	if _, name, ok := strings.Cut(first, "="); ok {
		return strings.TrimSpace(name)
	}
	return text
}

// lineLimit bounds a line of LDIF: photographs are far below.
const lineLimit = 16 << 20

// usersOfLDIF reads content records. Source: RFC 2849.
func usersOfLDIF(in io.Reader) iter.Seq2[User, error] {
	return func(yield func(User, error) bool) {
		lines := bufio.NewScanner(in)
		lines.Buffer(nil, lineLimit)
		var u User
		var pending string
		number, began := 0, 0
		take := func() error {
			line := pending
			pending = ""
			if line == "" || line[0] == '#' {
				return nil
			}
			name, value, ok := strings.Cut(line, ":")
			if !ok {
				return fmt.Errorf("line %d: a line is \"attribute: value\"; continued lines begin with a blank", began)
			}
			name, _, _ = strings.Cut(name, ";")
			if encoded, ok := strings.CutPrefix(value, ":"); ok {
				decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
				if err != nil {
					return fmt.Errorf("line %d: %s: not base64: %w", began, name, err)
				}
				value = string(decoded)
			}
			u.set(name, value)
			return nil
		}
		flush := func() bool {
			done := u
			u = User{}
			return done.UserName == "" || yield(done, nil)
		}
		for lines.Scan() {
			number++
			line := strings.TrimSuffix(lines.Text(), "\r")
			if rest, folded := strings.CutPrefix(line, " "); folded {
				if len(pending)+len(rest) > lineLimit {
					yield(User{}, fmt.Errorf("line %d: longer than %d MiB with its continuations", began, lineLimit>>20))
					return
				}
				pending += rest
				continue
			}
			if err := take(); err != nil {
				yield(User{}, err)
				return
			}
			pending, began = line, number
			if line == "" && !flush() {
				return
			}
		}
		err := lines.Err()
		if err == nil {
			err = take()
		}
		if err != nil {
			yield(User{}, err)
			return
		}
		flush()
	}
}

func usersOfCSV(in io.Reader, head []byte) iter.Seq2[User, error] {
	return func(yield func(User, error) bool) {
		r := csv.NewReader(in)
		r.FieldsPerRecord = -1
		first, _, _ := bytes.Cut(head, []byte("\n"))
		for _, separator := range ";\t" {
			if bytes.Count(first, []byte(string(separator))) > bytes.Count(first, []byte(string(r.Comma))) {
				r.Comma = separator
			}
		}
		header, err := r.Read()
		if err != nil {
			yield(User{}, fmt.Errorf("neither LDIF nor CSV with a header: %w", err))
			return
		}
		var probe User
		for _, name := range header {
			probe.set(name, "x")
		}
		if probe.UserName == "" {
			yield(User{}, fmt.Errorf("line 1: no column has the user name (uid, userName, login) among %q", header))
			return
		}
		for {
			row, err := r.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(User{}, err) // names the line
				return
			}
			var u User
			for i, value := range row[:min(len(row), len(header))] {
				u.set(header[i], value)
			}
			if u.UserName != "" && !yield(u, nil) {
				return
			}
		}
	}
}

// Concerned counts, for each policy of the domain, the users for whom it holds, and for each rule about names the users
// whose name is long enough to be looked for.
type Concerned struct {
	Users int            `json:"users"`
	Names map[string]int `json:"names,omitempty"` // by rule
}

// Count goes through the population once.
func (d Domain) Count(users iter.Seq2[User, error]) (map[string]Concerned, error) {
	counted := map[string]Concerned{}
	for _, p := range d.Policies {
		counted[p.Name] = Concerned{Names: map[string]int{}}
	}
	for u, err := range users {
		if err != nil {
			return nil, err
		}
		p := d.Applicable(u.Groups)
		c := counted[p.Name]
		c.Users++
		var seen []string
		for _, r := range p.Rules {
			a, ok := r.demand.(attribute)
			if !ok || slices.Contains(seen, r.ID) || r.ID == "disallowedUserAttributeValues" {
				continue // of the other attributes this reader knows nothing
			}
			seen = append(seen, r.ID)
			if _, looked := a.word(u.Person); looked {
				c.Names[r.ID]++
			}
		}
		counted[p.Name] = c
	}
	return counted, nil
}
