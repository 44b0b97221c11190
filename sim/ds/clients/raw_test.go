package clients

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds"
	"github.com/seatrial/seatrial/sim/ds/ber"
	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const (
	// rawHost is sim/ds's in memory.
	rawHost = "ds.test:1389"
	// rawQuiet is how long a server may think before it counts as silent, and rawPause what lies between two segments.
	rawQuiet = 1500 * time.Millisecond
	rawPause = 20 * time.Millisecond
	// rawProbe is the number of the search of the root DSE that tells whether a connection still works.
	rawProbe = 9999
)

// TestRawBytes sends sim/ds the bytes of testdata/raw.txt and compares what it does with its column there.
func TestRawBytes(t *testing.T) {
	authority, err := network.NewAuthority()
	require.NoError(t, err)
	certificate, err := authority.Certificate("ds.test")
	require.NoError(t, err)
	head, cases := readRaw(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := network.Memory()
				serveRaw(t, n, certificate)
				far, err := n.DialContext(t.Context(), "tcp", rawHost)
				require.NoError(t, err)
				got := play(far, c.segments)
				if *update {
					c.reactions["sim/ds"] = got
					return
				}
				assert.Equal(t, c.reactions["sim/ds"], got) // nothing races here
			})
		})
	}
	if *update {
		writeRaw(t, head, cases)
	}
}

// serveRaw is a server as OpenDJ sets one up, which takes passwords in the clear as the peers do, with the entries of raw.ldif.
func serveRaw(t *testing.T, n network.Network, certificate tls.Certificate) {
	t.Helper()
	digester := secret.NewDigester([]byte("0123456789abcdef"))
	config := ds.DefaultConfig()
	config.Directory = directory.DefaultConfig(directory.OpenDJ)
	config.Directory.Layout = directory.Empty
	server, err := ds.New(config, ds.Kernel{
		Clock: new(clock.Clock), Seed: 1, Digester: digester, Journal: journal.New(100, digester),
		TLS: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
	})
	require.NoError(t, err)
	file, err := os.Open("testdata/raw.ldif")
	require.NoError(t, err)
	_, err = server.Directory().Import(t.Context(), file.Name(), file)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	l, err := n.Listen(rawHost)
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		assert.NoError(t, server.Stop(ctx))
		assert.ErrorIs(t, <-ended, ds.ErrStopped)
	})
}

// TestRawPeer sends another server the same, compares with its column, and prints where it differs from sim/ds. It is for
// peers.sh, which has the entries of raw.ldif added.
func TestRawPeer(t *testing.T) {
	peer, address := os.Getenv("LDAP_RAW_PEER"), os.Getenv("LDAP_RAW_ADDRESS")
	if peer == "" {
		t.Skip("make ldap-peers, to compare sim/ds with slapd and 389-ds byte by byte")
	}
	head, cases := readRaw(t)
	seen := make([]string, len(cases))
	var all sync.WaitGroup
	turns := make(chan struct{}, 8)
	for i, c := range cases {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			far, err := net.Dial("tcp", address)
			if assert.NoError(t, err, c.name) {
				seen[i] = play(far, c.segments)
			}
		})
	}
	all.Wait()
	same := 0
	for i, c := range cases {
		if *update && !c.does(peer, seen[i]) {
			c.reactions[peer] = seen[i]
		}
		assert.True(t, c.does(peer, seen[i]), "%s: %s does not do what testdata/raw.txt says, but: %s", c.name, peer, seen[i])
		if c.reactions["sim/ds"] == seen[i] {
			same++
			continue
		}
		fmt.Printf("raw bytes, %s\n   sim/ds: %s\n   %s: %s\n   why: %s\n", c.name, c.reactions["sim/ds"], peer, seen[i], c.why)
	}
	fmt.Printf("raw bytes: %s does in %d of %d cases what sim/ds does\n", peer, same, len(cases))
	if *update {
		writeRaw(t, head, cases)
	}
}

// reply is a message of a server.
type reply struct {
	id   int64
	text string
}

// play sends the segments, and tells what comes back and whether the connection still works then.
func play(c net.Conn, segments [][]byte) string {
	sent := make(chan struct{})
	go func() { // what is refused before it has been read may block its writer
		defer close(sent)
		for i, s := range segments {
			if i > 0 {
				time.Sleep(rawPause)
			}
			_ = c.SetWriteDeadline(time.Now().Add(5 * time.Second))
			if _, err := c.Write(s); err != nil {
				return
			}
		}
	}()
	defer func() {
		_ = c.Close()
		<-sent
	}()
	in := bufio.NewReader(c)
	var replies []reply
	for {
		r, err := listen(c, in)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			select {
			case <-sent:
				return told(replies, state(c, in))
			default: // it is still being told
			}
		case err != nil:
			return told(replies, "closed")
		default:
			replies = append(replies, r)
		}
	}
}

// state is "open" when the server answers a search of the root DSE, and "waits" when it takes that for the rest of something.
func state(c net.Conn, in *bufio.Reader) string {
	probe := "\x30\x26\x02\x02\x27\x0f\x63\x20\x04\x00\x0a\x01\x00\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00\x87\x0bobjectClass\x30\x00"
	if _, err := c.Write([]byte(probe)); err != nil {
		return "closed"
	}
	for {
		switch r, err := listen(c, in); {
		case err != nil:
			return "waits"
		case r.id == rawProbe && strings.HasPrefix(r.text, "search"):
			return "open"
		}
	}
}

var replyNames = map[ber.Tag]string{
	0x61: "bind", 0x64: "entry", 0x65: "search", 0x67: "modify", 0x69: "add", 0x6b: "delete", 0x6d: "modify DN", 0x6f: "compare",
	0x73: "reference", 0x78: "extended", 0x79: "intermediate",
}

// listen reads one message.
func listen(c net.Conn, in *bufio.Reader) (r reply, err error) {
	_ = c.SetReadDeadline(time.Now().Add(rawQuiet))
	element, err := ber.ReadElement(in, 1<<20)
	if err != nil {
		return r, err
	}
	message, err := ber.NewReader(element).Enter(ber.Sequence)
	if err != nil {
		return r, err
	}
	if r.id, err = message.Integer(ber.Integer); err != nil {
		return r, err
	}
	tag := message.Next()
	if r.text = replyNames[tag]; r.text == "" {
		r.text = tag.String()
	}
	if tag == 0x78 && r.id == 0 {
		r.text = "notice"
	}
	body, err := message.Enter(tag)
	if err != nil || body.Next() != ber.Enumerated {
		return r, err
	}
	code, err := body.Integer(ber.Enumerated)
	r.text += " " + ldap.ResultCode(code).String()
	return r, err
}

// told puts the replies into words: those of one request together, in the order of the requests' numbers, since servers work on
// several at once.
func told(replies []reply, end string) string {
	slices.SortStableFunc(replies, func(a, b reply) int {
		if a.id == 0 || b.id == 0 {
			return -cmp.Compare(a.id, b.id)
		}
		return cmp.Compare(a.id, b.id)
	})
	var words []string
	for i := 0; i < len(replies); {
		first := i
		var texts []string
		for ; i < len(replies) && replies[i].id == replies[first].id; i++ {
			texts = append(texts, replies[i].text)
		}
		words = append(words, strings.Join(counted(texts), ", "))
	}
	return strings.Join(append(counted(words), end), ", ")
}

// counted has what is said several times in a row once, with the number.
func counted(words []string) (all []string) {
	for i := 0; i < len(words); {
		first := i
		for i < len(words) && words[i] == words[first] {
			i++
		}
		if i-first > 1 {
			all = append(all, fmt.Sprintf("%s x%d", words[first], i-first))
		} else {
			all = append(all, words[first])
		}
	}
	return all
}
