package okta

import (
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// The ids that exist are always those of a sorted list that is kept by hand, whatever came and went.
func TestIndexAgreesWithAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, want := newIndex(), []string{}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			id := strconv.Itoa(rapid.IntRange(10, 30).Draw(t, "id"))
			at, there := slices.BinarySearch(want, id)
			if there {
				x.remove(id+"@x", id)
				want = slices.Delete(want, at, at+1)
			} else {
				x.add(id+"@x", id)
				want = slices.Insert(want, at, id)
			}
			from := strconv.Itoa(rapid.IntRange(9, 31).Draw(t, "from"))
			exists := func(id string) bool { _, ok := x.owner(id + "@x"); return ok }
			got := slices.DeleteFunc(slices.Clone(x.after(from)), func(id string) bool { return !exists(id) })
			behind := slices.DeleteFunc(slices.Clone(want), func(id string) bool { return id <= from })
			assert.Equal(t, behind, got)
			assert.LessOrEqual(t, len(x.order), 2*len(want)+1, "what is gone does not pile up")
		}
	})
}
