package directory_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

var populations = []int{10, 10_000, 100_000}

// BenchmarkDirectory shows what operations cost at three populations; none of them may grow with it.
func BenchmarkDirectory(b *testing.B) {
	for _, n := range populations {
		x := start(b, func(c *directory.Config) {
			c.Changelog.Mode = directory.ChangelogNumbers
			c.Changelog.PurgeDelay = time.Second
		})
		crowd(x, n)
		dn := func(i int) string { return fmt.Sprintf("uid=user.%d,%s", i%n, people) }
		f := make([]ldap.Filter, 64)
		for i := range f {
			f[i] = ldap.Equality{Attr: "uid", Value: fmt.Appendf(nil, "user.%d", i*7919%n)}
		}
		none := directory.Emit(func(ldap.Entry, []ldap.Control) error { return nil })
		for _, op := range []struct {
			name string
			do   func(i int) ldap.ResultCode
		}{
			{"bind", func(i int) ldap.ResultCode {
				return x.Bind(b.Context(), &directory.Session{Secure: true}, dn(i), secret.New("Secret12!"), nil).Code
			}},
			{"search", func(i int) ldap.ResultCode {
				return x.Search(b.Context(), x.admin, ldap.SearchRequest{BaseDN: suffix, Scope: ldap.ScopeSubtree, Filter: f[i%64]}, nil, none).Code
			}},
			{"page of 100", func(int) ldap.ResultCode {
				return x.Search(b.Context(), x.admin, ldap.SearchRequest{BaseDN: people, Scope: ldap.ScopeOne, Attributes: []string{"uid"}}, paged(100, nil), none).Code
			}},
			{"password", func(i int) ldap.ResultCode {
				return x.modify(x.admin, dn(i), mod(ldap.Replace, "userPassword", "Brand new 1!")).Code
			}},
			{"mail", func(i int) ldap.ResultCode {
				return x.modify(x.admin, dn(i), mod(ldap.Replace, "mail", fmt.Sprintf("other.%d@example.com", i))).Code
			}},
		} {
			b.Run(fmt.Sprintf("%s/%d", op.name, n), func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					if code := op.do(i); code != ldap.Success {
						b.Fatal(code)
					}
				}
			})
		}
	}
}

func BenchmarkImport(b *testing.B) {
	x := start(b)
	b.ReportAllocs()
	for b.Loop() {
		crowd(x, 1000)
	}
	require.Equal(b, 1003, x.Size())
}
