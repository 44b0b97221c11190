package forecast

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Caller makes requests of a domain; idcs.Target is one.
type Caller interface {
	Call(ctx context.Context, method, path string, body []byte) (status int, answer []byte, err error)
}

// AskDomain reads the password policies of a domain. Every client that may sign in may read them.
func AskDomain(ctx context.Context, c Caller) (Domain, error) {
	const path = "/admin/v1/PasswordPolicies?count=100"
	status, answer, err := c.Call(ctx, http.MethodGet, path, nil)
	switch {
	case err != nil:
		return Domain{}, err
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return Domain{}, fmt.Errorf("GET %s: %d: the client may not read password policies", path, status)
	case status != http.StatusOK:
		return Domain{}, fmt.Errorf("GET %s: %d", path, status)
	}
	d, err := ReadDomain(answer)
	if err != nil {
		return d, fmt.Errorf("GET %s: %w", path, err)
	}
	return d, nil
}

// ErrNoValidator tells that the domain does not judge passwords for this client.
var ErrNoValidator = errors.New("the domain does not judge passwords for this client (UserPasswordValidator wants the role User Administrator or Change Password)")

const validatorSchema = "urn:ietf:params:scim:schemas:oracle:idcs:UserPasswordValidator"

// Confirm asks the domain about the witness of each gap, and writes its answer into the gap. Nothing is stored, and the
// person of the witnesses does not exist. The domain judges by its default policy, so only gaps of that one can be
// confirmed. Source: Oracle, IDCS REST Postman collection, UserPasswordValidator.
func Confirm(ctx context.Context, c Caller, gaps []Gap) error {
	for i := range gaps {
		failed, err := validate(ctx, c, gaps[i].Witness)
		if err != nil {
			return err
		}
		gaps[i].Confirmed = "accepted, against this forecast"
		if len(failed) > 0 {
			gaps[i].Confirmed = "refused: " + strings.Join(failed, " ")
		}
	}
	return nil
}

func validate(ctx context.Context, c Caller, password string) (failed []string, err error) {
	body, err := json.Marshal(map[string]any{
		"schemas": []string{validatorSchema}, "userName": nobody.UserName, "givenName": nobody.GivenName,
		"familyName": nobody.FamilyName, "password": password,
	})
	if err != nil {
		return nil, err
	}
	status, answer, err := c.Call(ctx, http.MethodPost, "/admin/v1/UserPasswordValidator", body)
	switch {
	case err != nil:
		return nil, err
	case status == http.StatusForbidden || status == http.StatusNotFound || status == http.StatusMethodNotAllowed ||
		status == http.StatusNotImplemented || status == http.StatusUnauthorized:
		return nil, ErrNoValidator
	case status != http.StatusCreated && status != http.StatusOK:
		return nil, fmt.Errorf("POST UserPasswordValidator: %d", status)
	}
	var verdict struct {
		Failed []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"failedPasswordPolicyRules"`
	}
	if err := json.Unmarshal(answer, &verdict); err != nil {
		return nil, fmt.Errorf("POST UserPasswordValidator: %d, not JSON", status)
	}
	for _, rule := range verdict.Failed {
		text := rule.Value
		if text == "" {
			text = rule.Name
		}
		failed = append(failed, text)
	}
	return failed, nil
}
