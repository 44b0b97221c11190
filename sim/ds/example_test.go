package ds_test

import (
	"context"
	"fmt"
	"net"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/seatrial/seatrial/sim/ds"
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// A server on a port of its own, a user, and a password that the user changes.
func Example() {
	digester := secret.NewDigester([]byte("any key of enough bytes"))
	config := ds.DefaultConfig()
	config.Directory.Policy.RequireSecureBind, config.Directory.Policy.RequireSecureChange = false, false // there is no TLS below
	server, err := ds.New(config, ds.Kernel{Clock: new(clock.Clock), Seed: 1, Digester: digester, Journal: journal.New(1000, digester)})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = server.Directory().Populate(context.Background(), people.Person{
		UserName: "newcomer", FamilyName: "Newcomer", Active: true, Credential: people.Credential{Password: secret.New("a first phrase")},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	served := make(chan error)
	go func() { served <- server.Serve(listener) }()

	client, err := goldap.DialURL("ldap://" + listener.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	dn := server.Directory().UserDN("newcomer")
	fmt.Println("first:", client.Bind(dn, "a first phrase"))
	_, err = client.PasswordModify(goldap.NewPasswordModifyRequest("", "a first phrase", "a second phrase"))
	fmt.Println("changed:", err)
	fmt.Println("old refused:", goldap.IsErrorWithCode(client.Bind(dn, "a first phrase"), goldap.LDAPResultInvalidCredentials))
	fmt.Println("new:", client.Bind(dn, "a second phrase"))
	fmt.Println("closed:", client.Close())
	fmt.Println("stopped:", server.Stop(context.Background()), <-served)
	for _, e := range server.Journal().Search(journal.Query{Operation: "write_password"}).Entries {
		fmt.Println(e.Method, e.User, e.Outcome, e.Password == server.Journal().Digest(secret.New("a second phrase")))
	}
	// Output:
	// first: <nil>
	// changed: <nil>
	// old refused: true
	// new: <nil>
	// closed: <nil>
	// stopped: <nil> ds: the server has been stopped
	// PASSWORD_MODIFY newcomer accepted true
}
