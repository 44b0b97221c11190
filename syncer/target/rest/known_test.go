package rest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/syncer/target"
)

func TestLooksThatCrossWrites(t *testing.T) {
	start := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	a := User{ID: "1", Name: "a", State: start.Format(time.RFC3339Nano)}
	later := a
	later.State = at(9).Format(time.RFC3339Nano)
	off, other := a, a
	off.Barred, other.ID = target.Inactive, "2"
	for name, tt := range map[string]struct {
		do    func(k *known)
		want  entry
		again bool // a look comes first
	}{
		"a look":                                {func(k *known) { k.saw(a, at(0)) }, entry{userName: "a", id: "1", state: a.State, seen: at(0)}, false},
		"two looks":                             {func(k *known) { k.saw(a, at(0)); k.saw(later, at(9)) }, entry{userName: "a", id: "1", state: later.State, seen: at(9)}, false},
		"two looks, the older one last":         {func(k *known) { k.saw(later, at(9)); k.saw(a, at(0)) }, entry{userName: "a", id: "1", state: later.State, seen: at(9)}, false},
		"a write":                               {func(k *known) { k.saw(a, at(0)); k.wroteTo("A", "1", at(7), at(5)) }, entry{userName: "a", id: "1", state: a.State, seen: at(0), wrote: at(7), news: at(5)}, false},
		"a write and a look after it":           {func(k *known) { k.saw(a, at(0)); k.wroteTo("a", "1", at(7), at(5)); k.saw(later, at(9)) }, entry{userName: "a", id: "1", state: later.State, seen: at(9)}, false},
		"a look that began before a write":      {func(k *known) { k.saw(a, at(0)); k.wroteTo("a", "1", at(7), at(5)); k.saw(later, at(4)) }, entry{userName: "a", id: "1", state: a.State, seen: at(4), wrote: at(7), news: at(5)}, false},
		"a write to somebody else's id":         {func(k *known) { k.saw(a, at(0)); k.wroteTo("a", "2", at(7), at(5)) }, entry{userName: "a", id: "1", state: a.State, seen: at(0)}, false},
		"a lost write":                          {func(k *known) { k.saw(a, at(0)); k.forget("a", at(5)) }, entry{}, true},
		"a lost write, a look from before it":   {func(k *known) { k.saw(a, at(0)); k.forget("a", at(5)); k.saw(a, at(4)) }, entry{}, true},
		"a lost write, a look after it":         {func(k *known) { k.saw(a, at(0)); k.forget("a", at(5)); k.saw(later, at(9)) }, entry{userName: "a", id: "1", state: later.State, seen: at(9)}, false},
		"deactivated":                           {func(k *known) { k.saw(a, at(0)); k.saw(off, at(5)) }, entry{}, true},
		"deactivated, an older look comes late": {func(k *known) { k.saw(a, at(0)); k.saw(off, at(5)); k.saw(a, at(4)) }, entry{}, true},
		"deactivated before a write":            {func(k *known) { k.saw(a, at(0)); k.wroteTo("a", "1", at(7), at(5)); k.saw(off, at(4)) }, entry{}, true},
		"two users of one name":                 {func(k *known) { k.saw(a, at(0)); k.saw(other, at(1)) }, entry{}, true},
		"a date that is none":                   {func(k *known) { k.saw(User{ID: "1", Name: "a", State: "yesterday"}, at(0)) }, entry{}, true},
		"a name with the same fold":             {func(k *known) { k.saw(User{ID: "1", Name: "ı"}, at(0)) }, entry{}, true},
		"dropped for room": {func(k *known) {
			k.saw(a, at(0))
			k.forget("a", at(5))
			k.saw(User{ID: "9", Name: "b"}, at(6)) // There is room for one.
			k.saw(a, at(4))
		}, entry{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKnown(time.Minute, 1)
			tt.do(k)
			asked := "a"
			if name == "a name with the same fold" {
				asked = "i"
			}
			got, ok := k.recall(asked, at(10))
			assert.Equal(t, !tt.again, ok)
			if ok {
				assert.Equal(t, tt.want, got)
			}
		})
	}
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	k := newKnown(time.Minute, 100)
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 1000 {
				name := fmt.Sprint("user-", i%300)
				switch (i + g) % 4 {
				case 0:
					k.forget(name, time.Now())
				case 1:
					k.wroteTo(name, name, time.Now(), time.Now())
				default:
					k.saw(User{ID: name, Name: name}, time.Now())
				}
				if e, ok := k.recall(name, time.Now()); ok {
					assert.Equal(t, name, e.id)
				}
			}
		})
	}
	all.Wait()
	assert.LessOrEqual(t, k.size(), 100)
}
