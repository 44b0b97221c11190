package clients

import (
	"encoding/hex"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rawServers are the columns of testdata/raw.txt.
var rawServers = []string{"sim/ds", "slapd", "389-ds"}

// rawCase is what is sent on one connection, and what each server did.
type rawCase struct {
	name      string
	lines     []string // as written, for -update
	segments  [][]byte
	reactions map[string]string
	why       string // the servers differ
}

var rawPath = filepath.Join("testdata", "raw.txt")

// readRaw reads testdata/raw.txt, whose first lines tell its form.
func readRaw(t *testing.T) (head string, cases []*rawCase) {
	t.Helper()
	text, err := os.ReadFile(rawPath)
	require.NoError(t, err)
	var c *rawCase
	for _, line := range strings.SplitAfter(string(text), "\n") {
		bare := strings.TrimSuffix(line, "\n")
		kind, rest, _ := strings.Cut(bare, " ")
		switch {
		case kind == "==":
			c = &rawCase{name: rest, reactions: map[string]string{}}
			cases = append(cases, c)
		case c == nil:
			head += line
		case kind == ">", kind == "each>":
			segment := parseBytes(t, rest)
			c.lines = append(c.lines, bare)
			if kind == ">" {
				c.segments = append(c.segments, segment)
				continue
			}
			for i := range segment {
				c.segments = append(c.segments, segment[i:i+1])
			}
		case kind == "why:":
			c.why = rest
		case bare != "":
			server, reaction, found := strings.Cut(bare, ": ")
			require.True(t, found, "%q is none of the file's lines", bare)
			require.Contains(t, rawServers, server)
			c.reactions[server] = reaction
		}
	}
	return head, cases
}

// repeated is a piece of a line: text in quotes, bytes in hexadecimal, or several in parentheses; and how often.
var repeated = regexp.MustCompile(`^("[^"]*"|\([^)]*\)|[0-9a-f]+)(?:\*(\d+))?\s*`)

func parseBytes(t *testing.T, text string) (all []byte) {
	t.Helper()
	for text != "" {
		m := repeated.FindStringSubmatch(text)
		require.NotNil(t, m, "%q are no bytes", text)
		text = text[len(m[0]):]
		var piece []byte
		switch m[1][0] {
		case '"':
			piece = []byte(m[1][1 : len(m[1])-1])
		case '(':
			piece = parseBytes(t, m[1][1:len(m[1])-1])
		default:
			var err error
			piece, err = hex.DecodeString(m[1])
			require.NoError(t, err)
		}
		times := 1
		if m[2] != "" {
			var err error
			times, err = strconv.Atoi(m[2])
			require.NoError(t, err)
		}
		for range times {
			all = append(all, piece...)
		}
	}
	return all
}

func writeRaw(t *testing.T, head string, cases []*rawCase) {
	t.Helper()
	var b strings.Builder
	b.WriteString(strings.TrimRight(head, "\n") + "\n")
	for _, c := range cases {
		fmt.Fprintf(&b, "\n== %s\n%s\n", c.name, strings.Join(c.lines, "\n"))
		for _, server := range rawServers {
			if reaction, known := c.reactions[server]; known {
				fmt.Fprintf(&b, "%s: %s\n", server, reaction)
			}
		}
		if c.why != "" {
			fmt.Fprintf(&b, "why: %s\n", c.why)
		}
	}
	require.NoError(t, os.WriteFile(rawPath, []byte(b.String()), 0o600))
}

// does tells whether a reaction is what the table says of a server: where its threads race there are several, after "or", with * for
// any number.
func (c *rawCase) does(server, reaction string) bool {
	for one := range strings.SplitSeq(c.reactions[server], " or ") {
		if fits, err := path.Match(one, reaction); err == nil && fits {
			return true
		}
	}
	return false
}

// differs tells whether the servers did not all do the same.
func (c *rawCase) differs() bool {
	for _, server := range rawServers {
		if c.reactions[server] != c.reactions[rawServers[0]] {
			return true
		}
	}
	return false
}

// TestRawDifferencesHaveReasons holds the table to what it says of itself.
func TestRawDifferencesHaveReasons(t *testing.T) {
	_, cases := readRaw(t)
	names := map[string]bool{}
	for _, c := range cases {
		assert.False(t, names[c.name], "%s is there twice", c.name)
		names[c.name] = true
		assert.NotEmpty(t, c.segments, c.name)
		assert.Len(t, c.reactions, len(rawServers), c.name)
		assert.Equal(t, c.differs(), c.why != "", "%s: a difference has a reason, and nothing else has", c.name)
	}
}
