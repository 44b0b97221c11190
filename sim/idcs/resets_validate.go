package idcs

import (
	"net/http"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/kernel/scim"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const (
	generatorPath   = "/admin/v1/UserPasswordGenerator"
	validatorPath   = "/admin/v1/UserPasswordValidator"
	retrieverPath   = "/admin/v1/ApplicablePasswordPolicyRetriever"
	generatorSchema = idcsSchemas + "UserPasswordGenerator"
	validatorSchema = idcsSchemas + "UserPasswordValidator"
	retrieverSchema = idcsSchemas + "ApplicablePasswordPolicyRetriever"
)

// mountValidators is what asks the policy and changes nothing.
func mountValidators(t table) {
	t.add(http.MethodPut, generatorPath+"/{id}", "policy", mayChangePasswords, (*call).generatePassword)
	t.add(http.MethodPost, validatorPath, "policy", mayValidatePasswords, (*call).validatePassword)
	t.add(http.MethodPut, validatorPath+"/{id}", "policy", mayValidateOwn, (*call).validateUserPassword)
	t.add(http.MethodPost, retrieverPath, "policy", everyClient, (*call).retrievePolicy)
}

var (
	generatorAttributes = newSchema(generatorSchema, append(common(), one(text, "password").readOnly()), nil, nil)
	validatorAttributes = newSchema(validatorSchema, append(common(),
		one(text, "userName"), one(text, "givenName"), one(text, "familyName"), one(text, "password").writeOnly(),
		listOf("failedPasswordPolicyRules", texts("name", "value")...).readOnly(),
	), nil, nil)
	retrieverAttributes = newSchema(retrieverSchema, append(common(), one(text, "userName")), nil, nil)
)

// generatePassword suggests a password that the user's policy accepts. Nothing is stored.
func (c *call) generatePassword() error {
	if _, err := c.object(generatorAttributes); err != nil {
		return err
	}
	p, ok := c.s.people.ByID(plainID(c.id))
	if !ok {
		return refuse(noSuchUser, c.id)
	}
	password, err := c.s.randomPassword(&p)
	if err != nil {
		return err
	}
	c.x.Secret(password)
	return c.done(http.StatusOK, generatorSchema, generatorPath, p.ID, map[string]any{"password": password.Reveal()})
}

// validatePassword judges a password for somebody who need not exist. Whoever has that user name is judged by his own
// policy and history.
func (c *call) validatePassword() error {
	m, err := c.object(validatorAttributes)
	if err != nil {
		return err
	}
	var p people.Person
	p.UserName, _ = member(m, "userName").(string)
	if known, ok := c.s.people.ByUserName(p.UserName); ok {
		p = known
	}
	if name, ok := member(m, "givenName").(string); ok {
		p.GivenName = name
	}
	if name, ok := member(m, "familyName").(string); ok {
		p.FamilyName = name
	}
	return c.answerValidation(m, &p)
}

func (c *call) validateUserPassword() error {
	m, err := c.object(validatorAttributes)
	if err != nil {
		return err
	}
	p, ok := c.s.people.ByID(plainID(c.id))
	if !ok {
		return refuse(noSuchUser, c.id)
	}
	return c.answerValidation(m, &p)
}

// answerValidation: 201 in either case, and the broken rules only when there are some, as a public client in production and
// Oracle's own samples have it. What the names of the rules are is our reading.
func (c *call) answerValidation(m map[string]any, p *people.Person) error {
	plain, ok := member(m, "password").(string)
	if !ok {
		return refuse(missingAttributes, "password")
	}
	candidate := secret.New(plain)
	write := passwordWrite{value: candidate, digest: c.s.kernel.Digester.Digest(candidate), door: throughChanger}
	rules := c.s.policyFor(p.ID).rules
	answer := map[string]any{"schemas": []string{validatorSchema}}
	meta := map[string]any{"resourceType": "UserPasswordValidator", "location": c.base + validatorPath}
	if c.id != "" {
		answer["id"] = p.ID
		meta["location"] = c.base + validatorPath + "/" + p.ID
	}
	answer["meta"] = meta
	if broken := rules.Check(candidate, c.s.subject(p, rules, write)); broken != nil {
		answer["failedPasswordPolicyRules"] = failedRules(broken)
	}
	return c.sendJSON(http.StatusCreated, answer)
}

func failedRules(broken []policy.Violation) []any {
	list := make([]any, 0, len(broken))
	for _, v := range broken {
		list = append(list, map[string]any{"name": string(v.Rule), "value": RuleText(v)})
	}
	return list
}

// retrievePolicy shows the policy that applies to a user, with its rules in words. The body of the answer is our reading.
// A user name that nobody has gets the default policy: who asks before he registers has none yet.
func (c *call) retrievePolicy() error {
	m, err := c.object(retrieverAttributes)
	if err != nil {
		return err
	}
	userName, _ := member(m, "userName").(string)
	if userName == "" {
		return refuse(missingAttributes, "userName")
	}
	c.x.User = userName
	p, _ := c.s.people.ByUserName(userName)
	applies, err := c.policyResource(c.s.policyFor(p.ID))
	if err != nil {
		return err
	}
	return c.sendJSON(http.StatusCreated, map[string]any{
		"schemas": []string{retrieverSchema}, "userName": userName,
		"meta":           map[string]any{"resourceType": "ApplicablePasswordPolicyRetriever", "location": c.base + retrieverPath},
		"passwordPolicy": scim.Project(applies, nil, []string{"all"}, policySettings.returned),
	})
}
