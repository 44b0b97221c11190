package okta_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/okta"
)

// A federated user takes no password until reset_password has made an Okta user of it.
func Example() {
	c := okta.DefaultConfig()
	c.Tokens = []okta.APIToken{{Name: "engine", Value: secret.New("a token")}}
	digester := secret.NewDigester([]byte("sixteen bytes or more"))
	org, err := okta.New(c, okta.Kernel{Clock: &clock.Clock{}, Journal: journal.New(100, digester), Digester: digester})
	if err != nil {
		fmt.Println(err)
		return
	}
	user, err := org.Populate(people.Person{
		UserName: "bjensen@example.com", GivenName: "Barbara", FamilyName: "Jensen", Active: true, Federated: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	post := func(path, body string) {
		r := httptest.NewRequest(http.MethodPost, "https://"+org.Host()+"/api/v1/users/"+user.ID+path, strings.NewReader(body))
		r.Header.Set("Authorization", "SSWS a token")
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		org.Handler().ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	password := `{"credentials":{"password":{"value":"Spring-Tide-2026"}}}`
	post("", password)
	post("/lifecycle/reset_password?sendEmail=false", "")
	post("", password)
	fmt.Println(org.LogIn("bjensen@example.com", secret.New("Spring-Tide-2026")).OK)
	// Output:
	// 400
	// 200
	// 200
	// true
}
