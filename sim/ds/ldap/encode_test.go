package ldap

import (
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestResponsesOnTheWire has the bytes worked out by hand from RFC 4511, 4 and appendix B.
func TestResponsesOnTheWire(t *testing.T) {
	entry := Entry{"dc=x", []Attribute{{"dc", [][]byte{[]byte("x"), {}}}, {Description: "o"}}}
	for name, tt := range map[string]struct {
		id       int32
		response Response
		controls []Control
		want     string
	}{
		"bind":             {1, BindResponse{}, nil, "300c 020101 6107 0a0100 0400 0400"},
		"bind step":        {1, BindResponse{Result{Code: SASLBindInProgress}, []byte("r"), true}, nil, "300f 020101 610a 0a010e 0400 0400 870172"},
		"empty step":       {1, BindResponse{Result{Code: SASLBindInProgress}, nil, true}, nil, "300e 020101 6109 0a010e 0400 0400 8700"},
		"search":           {2, Done{Op: OpSearch}, nil, "300c 020102 6507 0a0100 0400 0400"},
		"modify":           {2, Done{Op: OpModify}, nil, "300c 020102 6707 0a0100 0400 0400"},
		"add":              {2, Done{Op: OpAdd}, nil, "300c 020102 6907 0a0100 0400 0400"},
		"delete":           {2, Done{Op: OpDelete}, nil, "300c 020102 6b07 0a0100 0400 0400"},
		"modify DN":        {2, Done{Op: OpModifyDN}, nil, "300c 020102 6d07 0a0100 0400 0400"},
		"compare":          {2, Done{OpCompare, Result{Code: CompareTrue}}, nil, "300c 020102 6f07 0a0106 0400 0400"},
		"matched, text":    {2, Done{OpDelete, Result{Code: NoSuchObject, MatchedDN: "dc=x", Message: "no"}}, nil, "3012 020102 6b0d 0a0120 0404 64633d78 0402 6e6f"},
		"referral":         {2, Done{OpModify, Result{Code: Referral, Referrals: []string{"ldap:"}}}, nil, "3015 020102 6710 0a010a 0400 0400 a307 0405 6c6461703a"},
		"no operation":     {2, Done{OpAdd, Result{Code: NoOperation}}, nil, "300d 020102 6908 0a02410e 0400 0400"},
		"extended":         {3, ExtendedResponse{Name: "1.2", Value: []byte("v"), HasValue: true}, nil, "3014 020103 780f 0a0100 0400 0400 8a03 312e32 8b01 76"},
		"extended, empty":  {3, ExtendedResponse{HasValue: true}, nil, "300e 020103 7809 0a0100 0400 0400 8b00"},
		"notice":           {0, ExtendedResponse{Result: Result{Code: Unavailable}, Name: "1"}, nil, "300f 020100 780a 0a0134 0400 0400 8a01 31"},
		"entry":            {4, SearchEntry{Entry: entry}, nil, "3021 020104 641c 0404 64633d78 3014 300b 0402 6463 3105 0401 78 0400 3005 0401 6f 3100"},
		"types":            {4, SearchEntry{entry, true}, nil, "301c 020104 6417 0404 64633d78 300f 3006 0402 6463 3100 3005 0401 6f 3100"},
		"reference":        {4, SearchReference{[]string{"a", "b"}}, nil, "300b 020104 7306 0401 61 0401 62"},
		"intermediate":     {4, IntermediateResponse{"1", []byte("v"), true}, nil, "300b 020104 7906 8001 31 8101 76"},
		"number 127":       {127, Done{Op: OpAdd}, nil, "300c 02017f 6907 0a0100 0400 0400"},
		"number 128":       {128, Done{Op: OpAdd}, nil, "300d 02020080 6907 0a0100 0400 0400"},
		"number 32768":     {32768, Done{Op: OpAdd}, nil, "300e 0203008000 6907 0a0100 0400 0400"},
		"the last number":  {math.MaxInt32, Done{Op: OpAdd}, nil, "300f 02047fffffff 6907 0a0100 0400 0400"},
		"controls":         {1, Done{Op: OpAdd}, []Control{{OID: "1", Critical: true, Value: []byte{}, HasValue: true}, {OID: "2"}}, "301d 020101 6907 0a0100 0400 0400 a00f 3008 0401 31 0101ff 0400 3003 0401 32"},
		"126 bytes inside": {1, Done{OpAdd, Result{Message: strings.Repeat("a", 114)}}, nil, "307e 020101 6979 0a0100 0400 0472" + strings.Repeat("61", 114)},
		"a long length":    {1, Done{OpAdd, Result{Message: strings.Repeat("a", 121)}}, nil, "308186 020101 698180 0a0100 0400 0479" + strings.Repeat("61", 121)},
		"a longer one":     {1, Done{OpAdd, Result{Message: strings.Repeat("a", 256)}}, nil, "30820110 020101 69820109 0a0100 0400 04820100" + strings.Repeat("61", 256)},
	} {
		t.Run(name, func(t *testing.T) {
			before := []byte("before")
			got := Append(before, tt.id, tt.response, tt.controls)
			assert.Equal(t, "before", string(got[:len(before)]))
			assert.Equal(t, strings.ReplaceAll(tt.want, " ", ""), hex.EncodeToString(got[len(before):]))
		})
	}
}
