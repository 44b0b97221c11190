package schemes_test

import (
	"errors"
	"fmt"

	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/schemes"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func Example() {
	salts := random.Seed(7).Stream("password salts")
	stored, _ := schemes.Encode("PBKDF2-HMAC-SHA256", secret.New("Secret12!"), salts, schemes.Settings{Rounds: 10})
	fmt.Println(stored, stored.Settings().Rounds)
	fmt.Println(stored.Verify(secret.New("Secret12!")))
	fmt.Println(stored.Verify(secret.New("secret12!")))

	hostile, _ := schemes.Parse("{BCRYPT}$2a$31$bvIG6Nmid91Mu9RcmmWZfO5HJIMCT8riNW0hEp8f6/FuA2/mHZFpe")
	_, err := hostile.Verify(secret.New("Secret12!"))
	fmt.Println(err, errors.Is(err, schemes.ErrTooCostly))
	// Output:
	// {PBKDF2-HMAC-SHA256}•••••••• 10
	// true <nil>
	// false <nil>
	// stored password, scheme BCRYPT: cost 31 is over the limit of 15 true
}

func ExampleSyntax_Parse() {
	const password = "{winter}2026"
	_, err := schemes.Parse(password)
	fmt.Println(schemes.PreEncoded(password), err)
	// Output: true stored password: the name in braces is of no scheme that this syntax has
}
