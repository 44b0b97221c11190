package directory_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/ber"
	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

const mayAdvise = `(targetcontrol="PasswordQualityAdvice")(version 3.0; acl "advice"; allow (read) userdn="ldap:///all";)`

var (
	asksAdvice = []ldap.Control{{OID: ldap.OIDPasswordQualityAdvice, Critical: true}}
	dryRun     = append([]ldap.Control{{OID: ldap.OIDNoOp, Critical: true}}, asksAdvice...)
)

// advice is what a result says of the criteria: "+type" is met, "-type" is not; "" when nothing is said.
func advice(t *testing.T, r ldap.Result) string {
	t.Helper()
	c, ok := ldap.Find(r.Controls, ldap.OIDPasswordQualityAdvice)
	if !ok {
		return ""
	}
	in, err := ber.NewReader(c.Value).Enter(ber.Sequence)
	require.NoError(t, err)
	attribute, err := in.String(ber.OctetString)
	require.NoError(t, err)
	assert.Equal(t, "userPassword", attribute)
	var all []string
	for i, mark := range []string{"-", "+"} {
		list, err := in.Enter(ber.Context(i).Constructed())
		require.NoError(t, err)
		for list.More() {
			criterion, err := list.Enter(ber.Sequence)
			require.NoError(t, err)
			kind, err := criterion.String(ber.OctetString)
			require.NoError(t, err)
			all = append(all, mark+kind)
		}
	}
	return strings.Join(all, " ")
}

func TestPasswordQualityAdvice(t *testing.T) {
	const old, good, short = "hifalutin", "Brand new 1!", "t00shrt"
	const tooShort = "The provided password is shorter than the minimum required length of 8 characters"
	for name, c := range map[string]struct {
		policy   func(*directory.PasswordPolicy)
		switches map[string]string
		new      string
		controls []ldap.Control
		code     ldap.ResultCode
		advice   string
		bound    string // the password that is good afterwards
	}{
		"refused":                            {new: short, controls: asksAdvice, code: ldap.ConstraintViolation, advice: "-length-based +dictionary", bound: old},
		"refused, dry run":                   {new: short, controls: dryRun, code: ldap.ConstraintViolation, advice: "-length-based +dictionary", bound: old},
		"refused, dry run of the other kind": {switches: map[string]string{"wrongNewWithNoOp": "16654"}, new: short, controls: dryRun, code: ldap.NoOperation, advice: "-length-based +dictionary", bound: old},
		"refused twice":                      {new: "Qwerty1", policy: func(p *directory.PasswordPolicy) { p.Validators.Dictionary = []string{"qwerty"} }, controls: asksAdvice, code: ldap.ConstraintViolation, advice: "-dictionary -length-based", bound: old},
		"refused, not asked":                 {new: short, code: ldap.ConstraintViolation, bound: old},
		"accepted":                           {new: good, controls: asksAdvice, bound: good},
		"accepted, dry run":                  {new: good, controls: dryRun, code: ldap.NoOperation, bound: old},
		"accepted, always told":              {switches: map[string]string{"adviceOnSuccess": "yes"}, new: good, controls: asksAdvice, advice: "+dictionary +length-based", bound: good},
		"accepted, dry run, always told":     {switches: map[string]string{"adviceOnSuccess": "yes"}, new: good, controls: dryRun, code: ldap.NoOperation, advice: "+dictionary +length-based", bound: old},
		"used before":                        {policy: func(p *directory.PasswordPolicy) { p.HistoryCount = 2 }, new: old, controls: asksAdvice, code: ldap.ConstraintViolation, advice: "-password-history +dictionary +length-based", bound: old},
		"short and not used before":          {policy: func(p *directory.PasswordPolicy) { p.HistoryCount = 2 }, new: short, controls: asksAdvice, code: ldap.ConstraintViolation, advice: "-length-based +dictionary +password-history", bound: old},
		"no validators":                      {policy: func(p *directory.PasswordPolicy) { p.Validators = directory.Validators{} }, switches: map[string]string{"adviceOnSuccess": "yes"}, new: short, controls: asksAdvice, bound: short},
		"all validators": {policy: func(p *directory.PasswordPolicy) {
			p.Validators = directory.Validators{
				AttributeValue: []string{"cn", "sn"}, CharacterSets: []directory.CharacterSet{{Characters: "0123456789", Minimum: 1}},
				Dictionary: []string{"winter"}, MinLength: 4, MaxRepeated: 2, MinDifference: 3, MinUnique: 5,
			}
		}, new: "aaaa", controls: asksAdvice, code: ldap.ConstraintViolation, advice: "-character-set -repeated-characters -unique-characters +attribute-value +dictionary +length-based +similarity-based", bound: old},
	} {
		for door, set := range map[string]func(*trial, *directory.Session) ldap.Result{
			"modify": func(x *trial, s *directory.Session) ldap.Result {
				return x.Modify(t.Context(), s, ldap.ModifyRequest{DN: bjensen, Changes: []ldap.Change{mod(ldap.Replace, "userPassword", c.new)}}, c.controls)
			},
			"password modify": func(x *trial, s *directory.Session) ldap.Result {
				_, r := x.PasswordModify(t.Context(), s, nil, hidden(old), hidden(c.new), c.controls)
				return r
			},
		} {
			t.Run(name+", "+door, func(t *testing.T) {
				x := start(t, func(config *directory.Config) {
					if c.policy != nil {
						c.policy(&config.Policy)
					}
				})
				for name, value := range c.switches {
					require.NoError(t, x.SetSwitch(name, value))
				}
				require.Equal(t, ldap.Success, x.modify(x.admin, suffix, mod(ldap.Add, "aci", mayAdvise)).Code)
				r := set(x, x.as(bjensen, old))
				assert.Equal(t, c.code, r.Code, r.Message)
				assert.Equal(t, c.advice, advice(t, r))
				if c.new == short && r.Code == ldap.ConstraintViolation {
					assert.Contains(t, r.Message, tooShort)
				}
				assert.Equal(t, ldap.Success, x.bind(bjensen, c.bound).Code)
			})
		}
	}
}

// The parameters of what a fresh DS asks for are those that its documentation shows.
func TestCriteriaOfDS(t *testing.T) {
	x := start(t)
	r := x.Modify(t.Context(), x.admin, ldap.ModifyRequest{DN: bjensen, Changes: []ldap.Change{mod(ldap.Replace, "userPassword", "t00shrt")}}, asksAdvice)
	want := ldap.PasswordAdvice{
		Attribute: "userPassword",
		Failing:   []ldap.Criterion{{Type: "length-based", Parameters: []ldap.Parameter{{Name: "max-password-length", Value: "0"}, {Name: "min-password-length", Value: "8"}}}},
		Passing: []ldap.Criterion{{Type: "dictionary", Parameters: []ldap.Parameter{
			{Name: "case-sensitive-validation", Value: "false"},
			{Name: "check-substrings", Value: "true"},
			{Name: "min-substring-length", Value: "5"},
			{Name: "test-reversed-password", Value: "false"},
		}}},
	}
	assert.Equal(t, []ldap.Control{want.Control()}, r.Controls)
}

func TestAdviceOnAdd(t *testing.T) {
	x := start(t, withPolicy(func(p *directory.PasswordPolicy) { p.HistoryCount = 2 })) // which a new entry has none of
	add := func(uid, password string, controls []ldap.Control) ldap.Result {
		return x.Add(t.Context(), x.admin, ldap.AddRequest{DN: "uid=" + uid + "," + people, Attributes: []ldap.Attribute{
			attr("objectClass", "inetOrgPerson"), attr("cn", "x"), attr("sn", "x"), attr("userPassword", password),
		}}, controls)
	}
	r := add("new", "t00shrt", asksAdvice)
	assert.Equal(t, ldap.ConstraintViolation, r.Code)
	assert.Equal(t, "The password value for attribute userPassword was found to be unacceptable: The provided password is shorter than the minimum required length of 8 characters", r.Message)
	assert.Equal(t, "-length-based +dictionary", advice(t, r))
	assert.Equal(t, ldap.NoOperation, add("new", "Brand new 1!", dryRun).Code)
	assert.Equal(t, ldap.NoSuchObject, x.modify(x.admin, "uid=new,"+people, mod(ldap.Replace, "mail", "x@y")).Code)
	assert.Equal(t, ldap.Success, add("new", "Brand new 1!", asksAdvice).Code)
	assert.Equal(t, ldap.Success, x.bind("uid=new,"+people, "Brand new 1!").Code)
}

// Whoever may use the control on one entry may not on another.
func TestAdviceNeedsARight(t *testing.T) {
	const refused = `The request control with Object Identifier (OID) "1.3.6.1.4.1.36733.2.1.5.5" cannot be used due to insufficient access rights`
	x := start(t)
	s := x.as(bjensen, "hifalutin")
	doors := map[string]func() ldap.Result{
		"modify": func() ldap.Result {
			return x.Modify(t.Context(), s, ldap.ModifyRequest{DN: bjensen, Changes: []ldap.Change{mod(ldap.Replace, "userPassword", "short")}}, asksAdvice)
		},
		"password modify": func() ldap.Result {
			_, r := x.PasswordModify(t.Context(), s, nil, hidden("hifalutin"), hidden("short"), asksAdvice)
			return r
		},
	}
	for name, set := range doors {
		r := set()
		assert.Equal(t, ldap.UnavailableCriticalExtension, r.Code, name)
		assert.Equal(t, refused, r.Message, name)
		assert.Empty(t, r.Controls, name)
	}
	require.Equal(t, ldap.Success, x.modify(x.admin, scarter, mod(ldap.Add, "aci", mayAdvise)).Code)
	for name, set := range doors {
		assert.Equal(t, ldap.UnavailableCriticalExtension, set().Code, name)
	}
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Add, "aci", mayAdvise)).Code)
	for name, set := range doors {
		r := set()
		assert.Equal(t, ldap.ConstraintViolation, r.Code, name)
		assert.Equal(t, "-length-based +dictionary", advice(t, r), name)
	}
	assert.Equal(t, ldap.Success, x.bind(bjensen, "hifalutin").Code)
}

// What OpenDJ's modify says of passwords beside the table of TestModifyOfPasswords.
func TestPasswordsOneByOne(t *testing.T) {
	const old, fresh = "hifalutin", "Brand new 1!"
	x := start(t)
	s := x.as(bjensen, old)
	r := x.modify(s, bjensen, mod(ldap.Add, "userPassword", fresh), mod(ldap.Delete, "userPassword", old))
	require.Equal(t, ldap.Success, r.Code, "the new one first: %s", r.Message)
	assert.Equal(t, ldap.Success, x.bind(bjensen, fresh).Code)
	assert.Equal(t, ldap.InvalidCredentials, x.bind(bjensen, old).Code)
	r = x.modify(s, bjensen, mod(ldap.Delete, "userPassword", fresh), mod(ldap.Add, "userPassword", fresh))
	assert.Equal(t, ldap.AttributeOrValueExists, r.Code, "what is deleted counts, too")

	// One clear value stands for all encodings of it.
	twice := x.read(x.admin, bjensen)["userPassword"]
	require.NoError(t, x.SetPolicyJSON([]byte(`{"allow-multiple-password-values": true, "allow-pre-encoded-passwords": true}`)))
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "userPassword", twice, "{SSHA512}"+hash)).Code)
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Add, "userPassword", "{PBKDF2-HMAC-SHA256}10:QVUIuOTQDPy1XbuJFLgLv5538zNhj4+Wu75v8RBoTg4AAQIDBAUGBwgJCgsMDQ4P")).Code)
	assert.Equal(t, ldap.Success, x.bind(bjensen, "Secret12!").Code)
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Delete, "userPassword", "Secret12!")).Code)
	assert.Equal(t, ldap.InvalidCredentials, x.bind(bjensen, "Secret12!").Code)
	assert.Equal(t, twice, x.read(x.admin, bjensen)["userPassword"])

	r = x.modify(x.as(bjensen, fresh), bjensen, mod(ldap.Delete, "userPassword", twice))
	assert.Equal(t, ldap.ConstraintViolation, r.Code, "not even where encoded ones are allowed")
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Delete, "userPassword")).Code)
	r = x.modify(x.admin, bjensen, mod(ldap.Delete, "userPassword", fresh))
	assert.Equal(t, ldap.NoSuchAttribute, r.Code)
	assert.Equal(t, "The user entry does not have any existing passwords to remove", r.Message)
}

func TestOldPasswordStandsForAllItsEncodings(t *testing.T) {
	x := start(t, withPolicy(func(p *directory.PasswordPolicy) { p.AllowMultiple, p.AllowPreEncoded = true, true }))
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "userPassword", "{SSHA512}"+hash, "{MARTIAN}x", "{PBKDF2-HMAC-SHA256}10:QVUIuOTQDPy1XbuJFLgLv5538zNhj4+Wu75v8RBoTg4AAQIDBAUGBwgJCgsMDQ4P")).Code)
	_, r := x.PasswordModify(t.Context(), x.as(bjensen, "Secret12!"), nil, hidden("Secret12!"), hidden("Brand new 1!"), nil)
	require.Equal(t, ldap.Success, r.Code, r.Message)
	assert.NotContains(t, x.read(x.admin, bjensen)["userPassword"], "|", "what nobody can verify goes, too")
	assert.Equal(t, ldap.Success, x.bind(bjensen, "Brand new 1!").Code)
	assert.Equal(t, ldap.InvalidCredentials, x.bind(bjensen, "Secret12!").Code)
}

// The history is kept of passwords that came in clear, and stays when the policy does not want it any more.
func TestHistoryIsOfClearPasswords(t *testing.T) {
	x := start(t, withPolicy(func(p *directory.PasswordPolicy) { p.HistoryCount, p.AllowPreEncoded = 3, true }))
	history := func() string { return x.read(x.admin, bjensen, "pwdHistory")["pwdHistory"] }
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "userPassword", "{SSHA512}"+hash)).Code)
	assert.Empty(t, history())
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "userPassword", "Brand new 1!")).Code)
	assert.Contains(t, history(), "#{SSHA512}")
	kept := history()
	require.NoError(t, x.SetPolicyJSON([]byte(`{"password-history-count": 0}`)))
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "userPassword", "Brand new 2!")).Code)
	assert.Equal(t, kept, history())
}

// An administrator is told that the user will have to change what was set.
func TestResetIsTold(t *testing.T) {
	x := start(t, withPolicy(func(p *directory.PasswordPolicy) { p.ForceChangeOnReset, p.ForceChangeOnAdd = true, true }))
	r := x.Modify(t.Context(), x.admin, ldap.ModifyRequest{DN: bjensen, Changes: []ldap.Change{mod(ldap.Replace, "userPassword", "Brand new 1!")}}, asksPolicy)
	require.Equal(t, ldap.Success, r.Code)
	assert.Equal(t, ppolicyError+"\x02", policyValue(r))
	r = x.Add(t.Context(), x.admin, ldap.AddRequest{DN: "uid=new," + people, Attributes: []ldap.Attribute{
		attr("objectClass", "inetOrgPerson"), attr("cn", "x"), attr("sn", "x"), attr("userPassword", "Brand new 1!"),
	}}, asksPolicy)
	require.Equal(t, ldap.Success, r.Code)
	assert.Equal(t, ppolicyError+"\x02", policyValue(r))
	r = x.bind("uid=new,"+people, "Brand new 1!", asksPolicy...)
	assert.Equal(t, ppolicyError+"\x02", policyValue(r))
}

// OpenDJ takes accounts without a password, and those that are closed, in this order.
func TestWhatAFailedBindLeaves(t *testing.T) {
	x := start(t, withPolicy(func(p *directory.PasswordPolicy) { p.LockoutFailures = 3 }))
	require.Equal(t, ldap.Success, x.addPerson(x.admin, "bare").Code)
	assert.Equal(t, ldap.InvalidCredentials, x.bind("uid=bare,"+people, "wrong").Code)
	assert.Empty(t, x.read(x.admin, "uid=bare,"+people, "pwdFailureTime"), "who has no password cannot get it wrong")
	require.NoError(t, x.Change(t.Context(), "bjensen", mod(ldap.Replace, "ds-pwp-account-disabled", "TRUE")))
	assert.Equal(t, ldap.InvalidCredentials, x.bind(bjensen, "wrong").Code)
	assert.NotEmpty(t, x.read(x.admin, bjensen, "pwdFailureTime"), "a wrong password counts though the account is closed")
	require.NoError(t, x.Change(t.Context(), "scarter", mod(ldap.Replace, "pwdFailureTime", "20300101000000Z", "20300101000001Z", "20300101000002Z")))
	r := x.bind(scarter, "sprain", asksPolicy...)
	assert.Equal(t, ldap.InvalidCredentials, r.Code, "failures from several replicas lock without pwdAccountLockedTime")
	assert.Equal(t, ppolicyError+"\x01", policyValue(r))
}

func TestGraceLoginIsForAChange(t *testing.T) {
	x := start(t, withPolicy(func(p *directory.PasswordPolicy) {
		p.MaxAge, p.ExpireUnwarned, p.GraceLogins, p.AllowExpiredChange = directory.Duration(time.Hour), true, 2, true
	}))
	x.clock.Turn(2 * time.Hour)
	s := x.as(bjensen, "hifalutin")
	assert.True(t, s.MustChange())
	assert.Equal(t, ldap.ConstraintViolation, x.modify(s, bjensen, mod(ldap.Replace, "mail", "x@y")).Code)
	_, r := x.PasswordModify(t.Context(), s, nil, hidden("hifalutin"), hidden("Brand new 1!"), nil)
	require.Equal(t, ldap.Success, r.Code, r.Message)
	assert.False(t, s.MustChange())
	certified := &directory.Session{Secure: true}
	x.clock.Turn(2 * time.Hour)
	assert.Equal(t, ldap.Success, x.BindCertified(t.Context(), certified, bjensen, asksPolicy).Code)
	assert.False(t, certified.MustChange(), "a certificate does not expire with the password")
	assert.Empty(t, x.read(x.admin, bjensen, "pwdGraceUseTime"))
}

func TestResetAndWarningAreBothTold(t *testing.T) {
	day := directory.Duration(24 * time.Hour)
	x := start(t, withPolicy(func(p *directory.PasswordPolicy) {
		p.MaxAge, p.ExpirationWarning, p.ExpireUnwarned, p.ForceChangeOnReset = 30*day, 5*day, true, true
	}))
	require.NoError(t, x.Change(t.Context(), "bjensen", mod(ldap.Replace, "pwdReset", "TRUE")))
	x.clock.Turn(29 * 24 * time.Hour)
	value := policyValue(x.bind(bjensen, "hifalutin", asksPolicy...))
	require.Len(t, value, 12)
	assert.Equal(t, "\x30\x0a\xa0\x05\x80\x03\x01", value[:7])
	assert.Equal(t, "\x81\x01\x02", value[9:])
}

func TestMinimumAgeOfAnAccountWithoutPwdChangedTime(t *testing.T) {
	x := start(t, withPolicy(func(p *directory.PasswordPolicy) { p.MinAge = directory.Duration(time.Hour) }))
	require.NoError(t, x.Change(t.Context(), "bjensen", mod(ldap.Replace, "pwdChangedTime")))
	assert.Equal(t, ldap.UnwillingToPerform, x.modify(x.as(bjensen, "hifalutin"), bjensen, mod(ldap.Replace, "userPassword", "Brand new 1!")).Code, "it is as old as its entry")
	x.clock.Turn(2 * time.Hour)
	assert.Equal(t, ldap.Success, x.modify(x.as(bjensen, "hifalutin"), bjensen, mod(ldap.Replace, "userPassword", "Brand new 1!")).Code)
}
