package people_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

func person(id, userName string) people.Person {
	return people.Person{ID: id, UserName: userName, Emails: []people.Email{{Value: userName + "@example.com", Primary: true}}}
}

func names(s *people.Store) []string {
	var list []string
	for p := range s.All() {
		list = append(list, p.UserName)
	}
	return list
}

func TestCreate(t *testing.T) {
	for _, tc := range []struct {
		name string
		p    people.Person
		want error
	}{
		{"a new person", person("3", "Zoë"), nil},
		{"the same user name", person("3", "bjensen"), people.ErrDuplicate},
		{"the same user name in another case", person("3", "BJensen"), people.ErrDuplicate},
		{"the same name beyond ASCII", person("3", "ÉMILE"), people.ErrDuplicate},
		{"the same id", person("1", "someone"), people.ErrDuplicate},
		{"no id", person("", "someone"), people.ErrInvalid},
		{"no user name", people.Person{ID: "3"}, people.ErrInvalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := people.NewStore()
			for id, name := range map[string]string{"1": "bjensen", "2": "émile"} {
				_, err := s.Create(person(id, name))
				require.NoError(t, err)
			}
			got, err := s.Create(tc.p)
			if tc.want != nil {
				require.ErrorIs(t, err, tc.want)
				assert.Equal(t, 2, s.Len())
				return
			}
			require.NoError(t, err)
			assert.Equal(t, uint64(1), got.Version)
			again, ok := s.ByUserName(tc.p.UserName)
			require.True(t, ok)
			assert.Equal(t, got, again)
		})
	}
}

func TestByUserNameIgnoresCaseBeyondASCII(t *testing.T) {
	s := people.NewStore()
	_, err := s.Create(person("1", "Straße-Ünal-ΣΑΣ"))
	require.NoError(t, err)
	for name, want := range map[string]bool{
		"straße-ünal-σας": true, "STRAẞE-ÜNAL-ςας": true, "strasse-ünal-σας": false, "": false,
	} {
		_, ok := s.ByUserName(name)
		assert.Equal(t, want, ok, "ByUserName(%q)", name)
	}
	_, err = s.Create(person("2", "\u212Aelvin")) // the Kelvin sign folds to k
	require.NoError(t, err)
	_, ok := s.ByUserName("kelvin")
	assert.True(t, ok)
}

func TestUpdateIsAllOrNothing(t *testing.T) {
	s := people.NewStore()
	_, err := s.Create(person("1", "bjensen"))
	require.NoError(t, err)
	refused := errors.New("refused")
	_, err = s.Update("1", func(p *people.Person) error {
		p.UserName, p.Emails[0].Value = "other", "changed@example.com"
		return refused
	})
	require.ErrorIs(t, err, refused)
	p, _ := s.ByID("1")
	assert.Equal(t, person("1", "bjensen").Emails, p.Emails)
	assert.Equal(t, uint64(1), p.Version)

	_, err = s.Update("2", func(*people.Person) error { return nil })
	require.ErrorIs(t, err, people.ErrNotFound)
}

func TestRenameMovesTheIndex(t *testing.T) {
	s := people.NewStore()
	for id, name := range map[string]string{"1": "bjensen", "2": "taken"} {
		_, err := s.Create(person(id, name))
		require.NoError(t, err)
	}
	rename := func(to string) error {
		_, err := s.Update("1", func(p *people.Person) error { p.UserName = to; return nil })
		return err
	}
	require.ErrorIs(t, rename("TAKEN"), people.ErrDuplicate)
	require.ErrorIs(t, rename(""), people.ErrInvalid)
	require.NoError(t, rename("BJENSEN"), "a change of case is not a duplicate of itself")
	require.NoError(t, rename("babs"))
	_, old := s.ByUserName("bjensen")
	assert.False(t, old)
	p, ok := s.ByUserName("Babs")
	require.True(t, ok)
	assert.Equal(t, uint64(3), p.Version)
}

func TestHandsOutValues(t *testing.T) {
	s := people.NewStore()
	mine := person("1", "bjensen")
	handed, err := s.Create(mine)
	require.NoError(t, err)
	mine.Emails[0].Value, handed.Emails[0].Value = "x", "y"
	for p := range s.All() {
		p.Emails[0].Value = "z"
	}
	p, _ := s.ByID("1")
	assert.Equal(t, "bjensen@example.com", p.Emails[0].Value)
}

func TestAllKeepsTheOrderOfCreation(t *testing.T) {
	s := people.NewStore()
	for i := range 10 {
		_, err := s.Create(person(fmt.Sprint(i), fmt.Sprintf("u%d", i)))
		require.NoError(t, err)
	}
	for _, i := range []int{0, 3, 4, 5, 6, 7, 9} { // more than half: the order is packed in between
		require.NoError(t, s.Delete(fmt.Sprint(i), nil))
	}
	_, err := s.Create(person("new", "u0"))
	require.NoError(t, err)
	assert.Equal(t, []string{"u1", "u2", "u8", "u0"}, names(s))
	s.Reset()
	assert.Empty(t, names(s))
}

func TestDeleteAsksFirst(t *testing.T) {
	s := people.NewStore()
	_, err := s.Create(person("1", "bjensen"))
	require.NoError(t, err)
	refused := errors.New("refused")
	require.ErrorIs(t, s.Delete("1", func(people.Person) error { return refused }), refused)
	assert.Equal(t, 1, s.Len())
	require.NoError(t, s.Delete("1", nil))
	require.ErrorIs(t, s.Delete("1", nil), people.ErrNotFound)
	_, ok := s.ByUserName("bjensen")
	assert.False(t, ok)
}

// The store agrees with the simplest thing that could be one: a slice.
func TestStoreAgreesWithModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := people.NewStore()
		var model []people.Person
		at := func(id string) int {
			return slices.IndexFunc(model, func(p people.Person) bool { return p.ID == id })
		}
		taken := func(name string) int {
			return slices.IndexFunc(model, func(p people.Person) bool { return p.UserName == name })
		}
		id := rapid.StringMatching("[1-6]")
		name := rapid.SampledFrom([]string{"a", "b", "c", "d", "é"})
		t.Repeat(map[string]func(*rapid.T){
			"create": func(t *rapid.T) {
				p := people.Person{ID: id.Draw(t, "id"), UserName: name.Draw(t, "name")}
				_, err := s.Create(p)
				if (err == nil) != (at(p.ID) < 0 && taken(p.UserName) < 0) {
					t.Fatalf("create %v: %v", p, err)
				}
				if err == nil {
					p.Version = 1
					model = append(model, p)
				}
			},
			"rename": func(t *rapid.T) {
				i, n := id.Draw(t, "id"), name.Draw(t, "name")
				_, err := s.Update(i, func(p *people.Person) error { p.UserName = n; return nil })
				k := at(i)
				if (err == nil) != (k >= 0 && (taken(n) < 0 || taken(n) == k)) {
					t.Fatalf("rename %s to %s: %v", i, n, err)
				}
				if err == nil {
					model[k].UserName = n
					model[k].Version++
				}
			},
			"delete": func(t *rapid.T) {
				i := id.Draw(t, "id")
				if err := s.Delete(i, nil); (err == nil) != (at(i) >= 0) {
					t.Fatalf("delete %s: %v", i, err)
				}
				model = slices.DeleteFunc(model, func(p people.Person) bool { return p.ID == i })
			},
			"": func(t *rapid.T) {
				if s.Len() != len(model) {
					t.Fatalf("%d persons, want %d", s.Len(), len(model))
				}
				k := 0
				for p := range s.All() {
					want := model[k]
					if p.ID != want.ID || p.UserName != want.UserName || p.Version != want.Version {
						t.Fatalf("person %d: got %v, want %v", k, p, want)
					}
					found, ok := s.ByUserName(p.UserName)
					if !ok || found.ID != p.ID {
						t.Fatalf("%s is not found by user name", p.UserName)
					}
					k++
				}
			},
		})
	})
}

// Under -race: writers, renamers and readers at once; every increment must be there at the end.
func TestConcurrentUse(t *testing.T) {
	const users, workers, rounds = 8, 8, 200
	s := people.NewStore()
	for i := range users {
		_, err := s.Create(person(fmt.Sprint(i), fmt.Sprintf("user%d", i)))
		require.NoError(t, err)
	}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for n := range rounds {
				id := fmt.Sprint(n % users)
				_, err := s.Update(id, func(p *people.Person) error { p.Credential.Failures++; return nil })
				assert.NoError(t, err)
				if p, ok := s.ByUserName("USER" + id); assert.True(t, ok) {
					p.Emails[0].Value = "scribble"
				}
				for p := range s.All() {
					_ = p.Emails[0].Value
				}
			}
		})
	}
	wg.Wait()
	total := 0
	for p := range s.All() {
		total += p.Credential.Failures
	}
	assert.Equal(t, workers*rounds, total)
}

func BenchmarkLookUp(b *testing.B) {
	for _, users := range []int{10, 10_000, 100_000} {
		s := people.NewStore()
		for i := range users {
			if _, err := s.Create(person(fmt.Sprint(i), fmt.Sprintf("user%d", i))); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := s.ByUserName("user7"); !ok {
					b.Fatal("not found")
				}
			}
		})
	}
}
