package syncer

import (
	"cmp"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/seatrial/seatrial/syncer/target"
)

// format writes users one by one.
type format interface {
	write(p target.Person) error
	end() error
}

// columns are the names of what is written about a user: those of IDM's managed/user and, but for userName and
// accountStatus, of inetOrgPerson (RFC 2798).
var columns = []string{
	"userName", "givenName", "sn", "mail", "displayName", "accountStatus", "telephoneNumber", "preferredLanguage", "title",
	"employeeNumber", "departmentNumber",
}

// value is what stands in a column.
func value(p target.Person, column string) string {
	switch column {
	case "userName":
		return p.UserName
	case "givenName":
		return p.GivenName
	case "sn":
		return p.FamilyName
	case "mail":
		return p.Mail
	case "displayName":
		return p.DisplayName
	case "accountStatus":
		if p.Active {
			return "active"
		}
		return "inactive"
	}
	return p.Attributes[column]
}

// formOf chooses a format by the ending of a file's name.
func formOf(path, base string) (func(io.Writer) format, error) {
	switch ending := strings.ToLower(filepath.Ext(path)); ending {
	case ".csv":
		return func(w io.Writer) format { return &csvFormat{w: csv.NewWriter(w)} }, nil
	case ".json":
		return func(w io.Writer) format { return &jsonFormat{w: w} }, nil
	case ".ldif":
		if !strings.Contains(base, "=") {
			return nil, fmt.Errorf("--base: %q is not a DN like ou=people,dc=example,dc=com", base)
		}
		return func(w io.Writer) format { return &ldifFormat{w: w, base: base} }, nil
	default:
		return nil, fmt.Errorf("--out: %q ends in none of .ldif, .csv and .json", path)
	}
}

// csvFormat is for IDM's CSV import (ForgeRock IDM, "Import Bulk Data").
type csvFormat struct {
	w     *csv.Writer
	begun bool
}

func (f *csvFormat) begin() error {
	if f.begun {
		return nil
	}
	f.begun = true
	return f.w.Write(columns)
}

func (f *csvFormat) write(p target.Person) error {
	if err := f.begin(); err != nil {
		return err
	}
	row := make([]string, 0, len(columns))
	for _, c := range columns {
		row = append(row, value(p, c))
	}
	return f.w.Write(row)
}

func (f *csvFormat) end() error {
	if err := f.begin(); err != nil {
		return err
	}
	f.w.Flush()
	return f.w.Error()
}

// jsonFormat is an array of managed/user objects, one a line.
type jsonFormat struct {
	w io.Writer
	n int
}

func (f *jsonFormat) write(p target.Person) error {
	user := map[string]string{}
	for _, c := range columns {
		if v := value(p, c); v != "" {
			user[c] = v
		}
	}
	data, err := json.Marshal(user)
	if err != nil {
		return err
	}
	separator := ",\n"
	if f.n == 0 {
		separator = "[\n"
	}
	f.n++
	_, err = io.WriteString(f.w, separator+string(data))
	return err
}

func (f *jsonFormat) end() error {
	text := "\n]\n"
	if f.n == 0 {
		text = "[]\n"
	}
	_, err := io.WriteString(f.w, text)
	return err
}

// ldifFormat is LDIF (RFC 2849) of inetOrgPerson entries.
type ldifFormat struct {
	w     io.Writer
	base  string
	begun bool
}

func (f *ldifFormat) write(p target.Person) error {
	var b strings.Builder
	if !f.begun {
		b.WriteString("version: 1\n")
		f.begun = true
	}
	b.WriteByte('\n')
	ldifLine(&b, "dn", "uid="+escapeDN(p.UserName)+","+f.base)
	for _, class := range []string{"top", "person", "organizationalPerson", "inetOrgPerson"} {
		ldifLine(&b, "objectClass", class)
	}
	whole := strings.TrimSpace(p.GivenName + " " + p.FamilyName)
	ldifLine(&b, "uid", p.UserName)
	ldifLine(&b, "cn", cmp.Or(p.DisplayName, whole, p.UserName)) // cn and sn must be there (RFC 4519).
	ldifLine(&b, "sn", cmp.Or(p.FamilyName, p.UserName))
	for _, c := range columns {
		if v := value(p, c); v != "" && c != "userName" && c != "sn" && c != "accountStatus" {
			ldifLine(&b, c, v)
		}
	}
	if !p.Active {
		ldifLine(&b, "ds-pwp-account-disabled", "true") // ForgeRock DS, "Manage Accounts".
	}
	_, err := io.WriteString(f.w, b.String())
	return err
}

func (f *ldifFormat) end() error {
	if f.begun {
		return nil
	}
	_, err := io.WriteString(f.w, "version: 1\n")
	return err
}

// ldifLine writes a value as it stands when it is a SAFE-STRING that does not end in a blank, else in base 64.
func ldifLine(b *strings.Builder, name, value string) {
	safe := value == "" || !strings.ContainsRune(" :<", rune(value[0])) && !strings.HasSuffix(value, " ")
	for i := 0; i < len(value) && safe; i++ {
		safe = value[i] != 0 && value[i] != '\r' && value[i] != '\n' && value[i] < utf8.RuneSelf
	}
	if safe {
		b.WriteString(name + ": " + value + "\n")
		return
	}
	b.WriteString(name + ":: " + base64.StdEncoding.EncodeToString([]byte(value)) + "\n")
}

// escapeDN makes a value of an RDN (RFC 4514, 2.4).
func escapeDN(value string) string {
	var b strings.Builder
	for i := range len(value) {
		switch c := value[i]; {
		case strings.IndexByte(`"+,;<>\=`, c) >= 0, c == '#' && i == 0, c == ' ' && (i == 0 || i == len(value)-1):
			b.WriteString(`\` + string(rune(c)))
		case c < 0x20 || c == 0x7f:
			b.WriteString(`\` + hex.EncodeToString([]byte{c}))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
