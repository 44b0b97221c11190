package directory

import (
	"errors"
	"fmt"

	"github.com/seatrial/seatrial/sim/kernel/switches"
)

// Switch decides one thing that nobody outside the vendor knows. The first option is the default.
type Switch = switches.Switch

// Switches is the values by name; an absent one has its default.
type Switches = switches.Values

const (
	insecureBind      = "insecureBind"
	pagedSizeLimit    = "pagedSizeLimit"
	numbersWhenCookie = "numbersWhenCookie"
	rehashChangedTime = "rehashChangedTime"
	wrongNewWithNoOp  = "wrongNewWithNoOp"
	bcryptVariants    = "bcryptVariants"
	adviceOnSuccess   = "adviceOnSuccess"
	connectorVersion  = "vendorVersion"
	aliases           = "aliases"

	effectiveRightsBypass = "effectiveRightsBypass"
)

// switchboard is every switch with its options, the default first.
var switchboard = switches.Board{Path: "ds.switches", Switches: []Switch{
	{Name: insecureBind, Options: []string{"49", "13"}, Note: "A simple bind over a plain connection where the policy wants a secure one: OpenDJ says 49."},
	{Name: pagedSizeLimit, Options: []string{"page", "total"}, Note: "Whether the server's size limit counts the entries of a page, which is an operation of its own in OpenDJ, or those of all pages together."},
	{Name: numbersWhenCookie, Options: []string{"empty", "refuse"}, Note: "A search of cn=changelog without a cookie where change numbers are not computed: nothing is found, or 53."},
	{Name: rehashChangedTime, Options: []string{"keep", "write"}, Note: "Whether a rehash at a bind writes pwdChangedTime; OpenDJ does not."},
	{Name: wrongNewWithNoOp, Options: []string{"19", "16654"}, Note: "A refused password together with the no-op control: PingDS 8 shows the refusal."},
	{Name: bcryptVariants, Options: []string{"2a", "all"}, Note: "Which bcrypt values a password is verified against: $2$ and $2a$ alone, as in OpenDJ, or $2b$ and $2y$, too."},
	{Name: adviceOnSuccess, Options: []string{"no", "yes"}, Note: "Whether the password quality advice control is answered when no criterion fails: over HTTP, DS shows nothing then."},
	{Name: aliases, Options: []string{"ignored", "base", "rfc4511"}, Note: "What a search makes of aliases when it asks to follow them: nothing, as ForgeRock writes of DS 7; OpenDJ has followed the base since 2024; other servers follow all, with 33, 36 and 54."},
	{Name: effectiveRightsBypass, Options: []string{"ignore", "count"}, Note: "Whether the effective rights of somebody else count his privilege bypass-acl: OpenDJ asks the instructions alone."},
	{Name: connectorVersion, Options: []string{"7.3", "7.5", "8.0"}, Note: "The version in vendorVersion of the profile ds7."},
}}

func checkSwitches(v Switches) error { return errors.Join(switchboard.CheckAll(v)...) }

// Switches lists every switch with its present value.
func (d *Directory) Switches() []Switch { return d.switches.List() }

// SetSwitch changes one switch.
func (d *Directory) SetSwitch(name, value string) error {
	if err := d.switches.Set(name, value); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return nil
}

// is tells whether a switch stands at value.
func (d *Directory) is(name, value string) bool { return d.switches.Value(name) == value }
