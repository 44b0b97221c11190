package scenarios

import (
	"slices"
	"strings"
)

// didYouMean proposes the known words that a mistyped one may have been, as the tail of a message; "" when none is near.
func didYouMean(word string, known []string) string {
	if words := near(word, known); len(words) > 0 {
		return "; did you mean " + strings.Join(words, " or ") + "?"
	}
	return ""
}

// near returns the known words closest to the given one, three at most, if they are close at all.
func near(word string, known []string) []string {
	type candidate struct {
		word     string
		distance int
	}
	if len(word) > 100 {
		return nil
	}
	var found []candidate
	for _, k := range known {
		limit := max(len(k)/3, len(word)/3, 1)
		d := distance(strings.ToLower(word), strings.ToLower(k))
		if strings.Contains(strings.ToLower(k), strings.ToLower(word)) && len(word) > 2 {
			d = min(d, limit)
		}
		if d <= limit {
			found = append(found, candidate{k, d})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return a.distance - b.distance })
	words := make([]string, 0, 3)
	for _, c := range found[:min(len(found), 3)] {
		if c.distance == found[0].distance {
			words = append(words, c.word)
		}
	}
	return words
}

// distance counts how many letters must be put in, taken out, exchanged, or swapped with their neighbour.
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	rows := make([][]int, len(from)+1)
	for i := range rows {
		rows[i] = make([]int, len(to)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i, f := range from {
		for j, t := range to {
			exchange := rows[i][j]
			if f != t {
				exchange++
			}
			rows[i+1][j+1] = min(exchange, rows[i][j+1]+1, rows[i+1][j]+1)
			if i > 0 && j > 0 && f == to[j-1] && from[i-1] == t {
				rows[i+1][j+1] = min(rows[i+1][j+1], rows[i-1][j-1]+1)
			}
		}
	}
	return rows[len(from)][len(to)]
}
