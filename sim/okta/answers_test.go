package okta_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/okta"
)

// Every row says where it comes from, and none of the codes that matter to users and credentials is absent. That each is
// produced by a request, in a test that is named after it, is what suite.Run holds all tests to.
func TestTheTableIsComplete(t *testing.T) {
	codes := map[string]bool{}
	for _, row := range okta.Answers() {
		assert.NotEmpty(t, row.Source, row.Summary)
		assert.NotEmpty(t, row.Reason, row.Summary)
		if row.Code != "" {
			assert.Regexp(t, `^E0000\d{3}$`, row.Code)
			codes[row.Code] = true
		}
	}
	for _, number := range []string{
		"001", "002", "003", "004", "005", "006", "007", "008", "009", "010", "011", "012", "014", "015", "016", "017", "018", "019", "020", "021",
		"022", "023", "024", "028", "031", "032", "033", "034", "035", "036", "037", "038", "041", "047", "053", "060", "064", "079", "080",
		"087", "093", "095", "112", "124", "125", "207", "239",
	} {
		assert.Contains(t, codes, "E0000"+number)
	}
}

// What Okta's catalogue has without saying where it is sent, each behind a switch.
func TestAnswersBehindSwitches(t *testing.T) {
	o := newOrg(t)
	t.Run("E0000012 another Content-Type", func(t *testing.T) {
		o.set(t, "wrongContentType", "E0000012")
		o.ask(t, "admin", http.MethodPost, o.path(), "<user/>", "Content-Type", "application/xml").refused(t, 404, "E0000012", "Unsupported media type")
	})
	t.Run("E0000207 a wrong sign-in", func(t *testing.T) {
		o.set(t, "signInRefusal", "E0000207")
		o.authn(t, login, "x").refused(t, 401, "E0000207", "The username and/or the password you entered is incorrect. Please try again.")
		assert.Equal(t, "wrong_password", o.last(t).Reason)
	})
	t.Run("E0000064 an expired password", func(t *testing.T) {
		o.set(t, "expiredSignIn", "refuse")
		late := o.add(t, "late@example.com")
		require.NoError(t, o.Change(late.ID, func(a *okta.Account) { a.Status = okta.PasswordExpired }))
		o.authn(t, late.UserName, firstPassword).refused(t, 401, "E0000064", "Password is expired and must be changed.")
	})
	t.Run("E0000024 another application", func(t *testing.T) {
		o.set(t, "otherApplications", "E0000024")
		o.ask(t, "admin", http.MethodPost, "/api/v1/apps", `{"name":"salesforce","label":"Sales"}`).refused(t, 400, "E0000024", "Bad request.  This operation on app metadata is not yet supported.")
		assert.Empty(t, o.last(t).Surprise)
	})
	t.Run("E0000239 policies are being reconciled", func(t *testing.T) {
		o.set(t, "policyWrites", "reconciling")
		id := o.Policies()[0].ID
		for method, path := range map[string]string{http.MethodPost: "/api/v1/policies", http.MethodPut: "/api/v1/policies/" + id, http.MethodDelete: "/api/v1/policies/" + id} {
			o.ask(t, "admin", method, path, "{}").refused(t, 423, "E0000239", "Policy priorities are being reconciled. Please try again later.")
		}
		assert.Equal(t, 200, o.ask(t, "admin", http.MethodGet, "/api/v1/policies/"+id, "").status)
	})
}

func TestAFeatureWithoutItsLicence(t *testing.T) {
	o := newOrg(t)
	t.Run("E0000015 realms", func(t *testing.T) {
		o.ask(t, "admin", http.MethodGet, "/api/v1/realms", "").refused(t, 401, "E0000015", "You do not have permission to access the feature you are requesting")
		assert.Empty(t, o.last(t).Surprise)
	})
}

func TestRecoveryFromTheSignInPage(t *testing.T) {
	o := newOrg(t)
	start := func(name string) answer {
		return o.ask(t, "", http.MethodPost, "/api/v1/authn/recovery/password", `{"username":"`+name+`","factorType":"EMAIL"}`)
	}
	started := map[string]any{"status": "RECOVERY_CHALLENGE", "factorResult": "WAITING", "factorType": "EMAIL", "recoveryType": "PASSWORD"}
	assert.Equal(t, started, start(login).json(t))
	assert.Equal(t, "ACTIVE", o.status(t))
	t.Run("E0000095 nobody", func(t *testing.T) {
		o.ask(t, "", http.MethodPost, "/api/v1/authn/recovery/password", `{"username":"nobody@example.com","factorType":"EMAIL"}`).
			refused(t, 403, "E0000095", "Recovery not allowed for unknown user.")
	})
	t.Run("hidden", func(t *testing.T) {
		o.set(t, "recoveryOfNobody", "hide")
		assert.Equal(t, started, start("nobody@example.com").json(t))
	})
	t.Run("federated", func(t *testing.T) {
		o.federated(t)
		start(login).refused(t, 403, "E0000034", "", "Forgot password is not supported for the user's login type")
	})
	t.Run("another factor", func(t *testing.T) {
		o.ask(t, "", http.MethodPost, "/api/v1/authn/recovery/password", `{"username":"x","factorType":"CALL"}`).refused(t, 400, "E0000001", "Api validation failed: factorType", "factorType: only EMAIL is simulated, and username is needed")
	})
}
