package okta

import (
	"slices"
	"strings"
	"sync"
	"unicode"
)

// index finds users by login and by the part of it before the @, and keeps their ids in order, so that a page of a list costs
// the same wherever it begins. Logins are unique without regard to case and diacritics (Okta, Users API).
type index struct {
	mu      sync.RWMutex
	byLogin map[string]string
	byShort map[string][]string
	order   []string // ids, sorted
	// gone are ids that are still in order: to take each out at once would cost as much as there are users.
	gone map[string]bool
}

func newIndex() *index {
	return &index{byLogin: map[string]string{}, byShort: map[string][]string{}, gone: map[string]bool{}}
}

func (x *index) reset() {
	x.mu.Lock()
	defer x.mu.Unlock()
	clear(x.byLogin)
	clear(x.byShort)
	clear(x.gone)
	x.order = nil
}

// owner is the id of the user with that login.
func (x *index) owner(login string) (string, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	id, ok := x.byLogin[plain(login)]
	return id, ok
}

// short is the id of the only user whose login begins with name and an @.
func (x *index) short(name string) (string, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if ids := x.byShort[plain(name)]; len(ids) == 1 {
		return ids[0], true
	}
	return "", false
}

func (x *index) add(login, id string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.put(login, id)
	delete(x.gone, id)
	if n := len(x.order); n == 0 || x.order[n-1] < id {
		x.order = append(x.order, id)
	} else if at, found := slices.BinarySearch(x.order, id); !found {
		x.order = slices.Concat(x.order[:at], []string{id}, x.order[at:]) // a fresh slice, as in remove
	}
}

func (x *index) put(login, id string) {
	key := plain(login)
	x.byLogin[key] = id
	if short, _, ok := strings.Cut(key, "@"); ok {
		x.byShort[short] = append(x.byShort[short], id)
	}
}

func (x *index) drop(login, id string) {
	key := plain(login)
	delete(x.byLogin, key)
	if short, _, ok := strings.Cut(key, "@"); ok {
		rest := slices.DeleteFunc(slices.Clone(x.byShort[short]), func(one string) bool { return one == id })
		if x.byShort[short] = rest; len(rest) == 0 {
			delete(x.byShort, short)
		}
	}
}

func (x *index) rename(from, to, id string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.drop(from, id)
	x.put(to, id)
}

func (x *index) remove(login, id string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.drop(login, id)
	if x.gone[id] = true; 2*len(x.gone) <= len(x.order) {
		return
	}
	// A fresh slice: a list in progress reads the old one.
	x.order = slices.DeleteFunc(slices.Clone(x.order), func(id string) bool { return x.gone[id] })
	clear(x.gone)
}

// after returns the ids behind one, "" being all. Neither that one nor those need exist any more. The slice must not be changed.
func (x *index) after(id string) []string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if id == "" {
		return slices.Clip(x.order)
	}
	at, found := slices.BinarySearch(x.order, id)
	if found {
		at++
	}
	return slices.Clip(x.order[at:])
}

// lookUp finds a user by id, by login, or by the part of a login before the @ if it is nobody else's.
func (s *Server) lookUp(idOrLogin string) (string, bool) {
	if len(idOrLogin) == 20 && strings.HasPrefix(idOrLogin, "00u") && s.people.UserName(idOrLogin) != "" {
		return idOrLogin, true
	}
	if id, ok := s.index.owner(idOrLogin); ok {
		return id, true
	}
	if s.people.UserName(idOrLogin) != "" { // an id that a population brought along
		return idOrLogin, true
	}
	return s.index.short(idOrLogin)
}

// latin are letters with diacritics, behind the letter that they count as.
var latin = map[rune]string{
	'a': "àáâãäåāăą", 'c': "çćĉċč", 'd': "ďđ", 'e': "èéêëēĕėęě", 'g': "ĝğġģ", 'h': "ĥħ", 'i': "ìíîïĩīĭįı", 'j': "ĵ", 'k': "ķ",
	'l': "ĺļľŀł", 'n': "ñńņňŉ", 'o': "òóôõöøōŏő", 'r': "ŕŗř", 's': "śŝşšſ", 't': "ţťŧ", 'u': "ùúûüũūŭůűų", 'w': "ŵ", 'y': "ýÿŷ", 'z': "źżž",
}

var unaccented = func() map[rune]rune {
	m := map[rune]rune{}
	for base, letters := range latin {
		for _, letter := range letters {
			m[letter] = base
		}
	}
	return m
}()

// plain is a login in lower case, without the diacritics of Latin letters, composed or combining.
func plain(login string) string {
	ascii := true
	for i := range len(login) {
		ascii = ascii && login[i] < 0x80
	}
	if ascii {
		return strings.ToLower(login)
	}
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		r = unicode.ToLower(r)
		if base, ok := unaccented[r]; ok {
			return base
		}
		return r
	}, login)
}
