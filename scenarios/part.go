package scenarios

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"

	"github.com/invopop/jsonschema"
)

// Part is some of the target's users: a share of the generated ones, or users by number and name.
type Part struct {
	Percent float64 // of the generated users; 0 when they are named
	Users   Users
}

var percentPattern = regexp.MustCompile(`^(\d{1,3}(?:\.\d{1,3})?) ?%$`)

// UnmarshalJSON reads a share such as 5 %, or whatever Users reads.
func (p *Part) UnmarshalJSON(data []byte) error {
	*p = Part{}
	if text, err := scalarText(data); err == nil {
		if parts := percentPattern.FindStringSubmatch(text); parts != nil {
			p.Percent, err = strconv.ParseFloat(parts[1], 64)
			return err
		}
	}
	return json.Unmarshal(data, &p.Users)
}

// MarshalText writes the form that is read aloud.
func (p Part) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// String is the form that is read.
func (p Part) String() string {
	if p.Percent > 0 {
		return fmt.Sprintf("%g %%", p.Percent)
	}
	return p.Users.String()
}

// of is how many of n users a share is, rounded.
func (p Part) of(n int) int { return int(math.Round(float64(n) * p.Percent / 100)) }

// JSONSchema describes the forms.
func (Part) JSONSchema() *jsonschema.Schema {
	users := Users{}.JSONSchema()
	users.Description = ""
	share := &jsonschema.Schema{Type: "string", Pattern: percentPattern.String()}
	return &jsonschema.Schema{
		Description: "A share of the generated users such as 5 %, or users: all, a number, a range such as 3-7, or a list.",
		If:          share, Then: &jsonschema.Schema{}, Else: users,
	}
}
