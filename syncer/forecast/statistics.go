package forecast

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Statistics count passwords by what they are made of. They hold no password.
type Statistics struct{ Rows []Make }

// Make is what Count passwords are made of.
type Make struct{ Length, Lower, Upper, Digit, Special, Count int }

// columns are the header of a file of statistics, in any order.
var columns = []string{"length", "lower", "upper", "digit", "special", "count"}

// ReadStatistics reads a CSV file with the columns length,lower,upper,digit,special,count. A letter without case counts as
// lower here. Errors name the line.
func ReadStatistics(in io.Reader) (Statistics, error) {
	var s Statistics
	r := csv.NewReader(in)
	r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
	header, err := r.Read()
	if err != nil {
		return s, fmt.Errorf("a header is wanted, %s: %w", strings.Join(columns, ","), err)
	}
	at := make([]int, len(columns))
	for i, name := range columns {
		at[i] = slices.IndexFunc(header, func(h string) bool {
			return strings.EqualFold(strings.TrimSpace(strings.TrimPrefix(h, "\ufeff")), name)
		})
		if at[i] < 0 {
			return s, fmt.Errorf("line 1: there is no column %q; wanted are %s", name, strings.Join(columns, ","))
		}
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return s, err // names the line
		}
		line, _ := r.FieldPos(0)
		var values [6]int
		for i, name := range columns {
			if at[i] >= len(row) {
				return s, fmt.Errorf("line %d: there is no field for %s", line, name)
			}
			values[i], err = strconv.Atoi(strings.TrimSpace(row[at[i]]))
			if err != nil || values[i] < 0 || values[i] > 1e9 {
				return s, fmt.Errorf("line %d: %s: %q is not a number from 0", line, name, row[at[i]])
			}
		}
		m := Make{values[0], values[1], values[2], values[3], values[4], values[5]}
		if sum := m.Lower + m.Upper + m.Digit + m.Special; sum != m.Length {
			return s, fmt.Errorf("line %d: lower, upper, digit and special make %d characters, the length is %d", line, sum, m.Length)
		}
		s.Rows = append(s.Rows, m)
	}
	if len(s.Rows) == 0 {
		return s, errors.New("there is no line after the header")
	}
	return s, nil
}

// Share counts what the target refuses of that which the source accepts. It is exact as far as numbers of characters go;
// rules that such numbers do not decide leave a range open, and are named.
func (s Statistics) Share(source, target Policy) (Share, error) {
	var total, sure, open, left int
	rules, undecided := map[string]int{}, map[string]bool{}
	for _, m := range s.Rows {
		if verdict, _ := m.judge(source, nil); verdict == no {
			left += m.Count // nobody can choose it today
			continue
		}
		total += m.Count
		verdict, broken := m.judge(target, undecided)
		for _, id := range broken {
			rules[id] += m.Count
		}
		switch verdict {
		case no:
			sure += m.Count
		case perhaps:
			open += m.Count
		case yes:
		}
	}
	if total == 0 {
		return Share{}, errors.New("the source's policy accepts none of the passwords that were counted: are they of another system?")
	}
	part := func(n int) float64 { return float64(n) / float64(total) }
	share := Share{
		Basis: "statistics", Refused: part(sure), Low: part(sure), High: part(sure + open), Of: total,
		Assumes: []string{"the next passwords are made like those that were counted"},
		Unknown: unknowable(target),
	}
	if left > 0 {
		share.Assumes = append(share.Assumes, fmt.Sprintf("%d passwords that the source's own policy refuses are left out: nobody can choose them today", left))
	}
	for _, r := range target.Rules {
		if n := rules[r.ID]; n > 0 {
			share.Rules = append(share.Rules, RuleShare{r.ID, part(n)})
			delete(rules, r.ID)
		}
		if undecided[r.ID] {
			share.Unknown = append(share.Unknown, r.ID+": numbers of characters do not tell whether a password keeps it")
			delete(undecided, r.ID)
		}
	}
	return share, nil
}

// answer is what numbers of characters say about a demand.
type answer int

const (
	no answer = iota
	perhaps
	yes
)

// judge tells whether passwords of this make meet the policy. Names and words are taken to be met: unknowable tells so.
func (m Make) judge(p Policy, undecided map[string]bool) (verdict answer, broken []string) {
	verdict = yes
	for _, r := range p.Rules {
		a := m.meets(r.demand)
		if a == no && !slices.Contains(broken, r.ID) {
			broken = append(broken, r.ID)
		}
		if a == perhaps && undecided != nil {
			undecided[r.ID] = true
		}
		verdict = min(verdict, a)
	}
	return verdict, broken
}

// meets tells what the numbers decide.
func (m Make) meets(d demand) answer {
	switch d := d.(type) {
	case amount:
		low, high, known := m.number(d.of)
		switch {
		case !known:
			return perhaps
		case low >= d.least && high <= d.most:
			return yes
		case high < d.least || low > d.most:
			return no
		}
		return perhaps
	case distinct:
		switch {
		case m.Length < d.least:
			return no
		case m.kinds() >= d.least:
			return yes
		}
		return perhaps
	case run:
		if m.Length <= d.most {
			return yes
		}
		return perhaps
	case attribute:
		return yes
	case every:
		if m.Length < len(runes(d.characters)) {
			return no
		}
		return perhaps
	}
	return perhaps
}

func (m Make) kinds() int {
	n := 0
	for _, k := range []int{m.Lower, m.Upper, m.Digit, m.Special} {
		n += min(1, k)
	}
	return n
}

// number is how many characters of a class there are, as far as it follows from the four kinds.
func (m Make) number(of class) (low, high int, known bool) {
	exact := func(n int) (int, int, bool) { return n, n, true }
	switch of.name {
	case anything.name:
		return exact(m.Length)
	case letters.name:
		return exact(m.Lower + m.Upper)
	case digits.name, idmNumbers.name:
		return exact(m.Digit)
	case alphaNumerals.name:
		return exact(m.Lower + m.Upper + m.Digit)
	case specials.name:
		return exact(m.Special)
	case lowerCase.name:
		return exact(m.Lower)
	case upperCase.name:
		return exact(m.Upper)
	case idmCapitals.name:
		return m.Upper, m.Upper + m.Special, true // parentheses count
	}
	return 0, 0, false
}
