package flawed

// ReaderFlaw is one thing that the engine which reads a directory does wrong.
type ReaderFlaw string

// The flaws of the reader. ReadsWell is the correct one.
const (
	ReadsWell ReaderFlaw = "reads-well"

	FallsBackToPlaintext ReaderFlaw = "falls-back-to-plaintext" // binds in the clear when StartTLS is refused
	ImpatientBind        ReaderFlaw = "impatient-bind"          // gives a bind five seconds
	GivesUpOnRefusedBind ReaderFlaw = "gives-up-on-49"          // takes a refused bind for the end
	HammersRefusedBind   ReaderFlaw = "hammers-on-49"           // tries a refused bind as often as after any other failure
	BusyIsNothing        ReaderFlaw = "busy-is-nothing"         // takes busy for no changes, and goes on behind them
	TrustsAnybody        ReaderFlaw = "trusts-anybody"          // looks at no certificate
	WaitsByTheByte       ReaderFlaw = "waits-by-the-byte"       // has a limit for the next byte, and none for the answer
	TakesPartForAll      ReaderFlaw = "takes-part-for-all"      // is content with what a limit has left of all users
	BuriesReferred       ReaderFlaw = "buries-referred"         // takes who may be at another server for deleted

	ReadsOnAfterTrimming ReaderFlaw = "reads-on-after-trimming" // goes on from its number, whatever is gone
	TakesForeignNumbers  ReaderFlaw = "takes-foreign-numbers"   // goes on from a number of another server
	CookieErrorIsFatal   ReaderFlaw = "cookie-error-is-fatal"   // stops for ever when its cookie is too old
	BeginsAtTheNewest    ReaderFlaw = "begins-at-the-newest"    // goes on from the newest change when its cookie is too old
	SkipsDowntime        ReaderFlaw = "skips-downtime"          // goes on from the newest change when it is started
	ForgetsPosition      ReaderFlaw = "forgets-position"        // reads everything again when it is started
	StoresPositionFirst  ReaderFlaw = "stores-position-first"   // moves on before what it has read is delivered
	SkipsWhatMoved       ReaderFlaw = "skips-what-moved"        // compares only who is younger than the youngest it has seen

	TakesRehashForChange ReaderFlaw = "takes-rehash-for-change" // delivers another hash of the same password
	BringsOldValuesBack  ReaderFlaw = "brings-old-values-back"  // delivers what a replica still has
	ReadsWholeSeconds    ReaderFlaw = "reads-whole-seconds"     // drops the fraction of pwdChangedTime
	KnowsByDN            ReaderFlaw = "knows-by-dn"             // takes who was moved for somebody else
	BuriesNames          ReaderFlaw = "buries-names"            // delivers nothing for a DN that was deleted once
	DeliversTwice        ReaderFlaw = "delivers-twice"          // delivers each change twice
	StopsAtPoison        ReaderFlaw = "stops-at-poison"         // waits for an entry that it cannot deliver
	SilentWhenBlind      ReaderFlaw = "silent-when-blind"       // does not say that it may not read passwords
	PassesOverTheBlind   ReaderFlaw = "passes-over-the-blind"   // takes who shows no password for dealt with
	WritesHashAsPassword ReaderFlaw = "writes-what-it-read"     // sets what it has read for a password, where there is somebody
	MakesBareAccounts    ReaderFlaw = "makes-bare-accounts"     // creates a user without the hash that the target does not take

	LogsHashes   ReaderFlaw = "logs-hashes"   // logs what it has read
	StoresHashes ReaderFlaw = "stores-hashes" // keeps what it has read in its file, as it is
	AsksByHash   ReaderFlaw = "asks-by-hash"  // asks the directory whether a hash is still the same
)

// ReaderFlaws are all but ReadsWell.
func ReaderFlaws() []ReaderFlaw {
	return []ReaderFlaw{
		FallsBackToPlaintext, ImpatientBind, GivesUpOnRefusedBind, HammersRefusedBind, BusyIsNothing, TrustsAnybody, WaitsByTheByte, TakesPartForAll, BuriesReferred, ReadsOnAfterTrimming, TakesForeignNumbers,
		CookieErrorIsFatal, BeginsAtTheNewest, SkipsDowntime, ForgetsPosition, StoresPositionFirst, SkipsWhatMoved, TakesRehashForChange,
		BringsOldValuesBack, ReadsWholeSeconds, KnowsByDN, BuriesNames, DeliversTwice, StopsAtPoison, SilentWhenBlind, PassesOverTheBlind,
		MakesBareAccounts, WritesHashAsPassword, LogsHashes, StoresHashes, AsksByHash,
	}
}
