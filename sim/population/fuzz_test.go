package population

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// Whatever a file holds, reading it ends, each entry is accounted for, and nobody gets in who breaks the rules.
func FuzzLDIF(f *testing.F) {
	for _, text := range []string{
		directory, "version: 1\n\ndn: x\n y\n", "dn:: eA==\nuid:: ***\n", " x", "dn: x\nuid:< file:///x\n", "#\n #\n\r\n", "search: 2\nresult: 0\n",
		"dn: uid=x\nobjectClass: person\nuid: \xff\nmail: x@y\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { readAny(t, "fuzz.ldif", text) })
}

func FuzzCSV(f *testing.F) {
	for _, text := range []string{
		"uid,mail\nx,x@example.com\n", "uid;mail\n\"x\";\"x@y|z@y\"\n", "\xef\xbb\xbfUser ID\tWork Email\r\nx\ty@z\r\n", "uid,mail\n\"", "uid\n,\n",
		"uid,uid,mail\na,b,c@d\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { readAny(t, "fuzz.csv", text) })
}

func readAny(t *testing.T, name, text string) {
	t.Helper()
	got, report, err := readAll(name, text)
	require.Equal(t, report.Read, report.Used+report.Others+report.SkippedCount)
	require.Len(t, got, report.Used)
	if err != nil {
		require.True(t, strings.HasPrefix(err.Error(), name+":"), "the error names the file: %v", err)
	}
	seen := map[string]bool{}
	for _, p := range got {
		require.NotEmpty(t, p.UserName)
		require.True(t, utf8.ValidString(p.UserName+p.DisplayName+p.GivenName+p.FamilyName))
		require.Contains(t, p.PrimaryEmail(), "@")
		require.False(t, seen[fold(p.UserName)])
		seen[fold(p.UserName)] = true
	}
}
