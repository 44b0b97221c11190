package ldap

import "strconv"

// ResultCode says how an operation ended.
type ResultCode int

// The codes of RFC 4511 (appendix A), of RFC 3909 (cancel), of the assertion control (RFC 4528), and DS's own.
const (
	Success                      ResultCode = 0
	OperationsError              ResultCode = 1
	ProtocolError                ResultCode = 2
	TimeLimitExceeded            ResultCode = 3
	SizeLimitExceeded            ResultCode = 4
	CompareFalse                 ResultCode = 5
	CompareTrue                  ResultCode = 6
	AuthMethodNotSupported       ResultCode = 7
	StrongerAuthRequired         ResultCode = 8
	Referral                     ResultCode = 10
	AdminLimitExceeded           ResultCode = 11
	UnavailableCriticalExtension ResultCode = 12
	ConfidentialityRequired      ResultCode = 13
	SASLBindInProgress           ResultCode = 14
	NoSuchAttribute              ResultCode = 16
	UndefinedAttributeType       ResultCode = 17
	InappropriateMatching        ResultCode = 18
	ConstraintViolation          ResultCode = 19
	AttributeOrValueExists       ResultCode = 20
	InvalidAttributeSyntax       ResultCode = 21
	NoSuchObject                 ResultCode = 32
	AliasProblem                 ResultCode = 33
	InvalidDNSyntax              ResultCode = 34
	AliasDereferencingProblem    ResultCode = 36
	InappropriateAuthentication  ResultCode = 48
	InvalidCredentials           ResultCode = 49
	InsufficientAccessRights     ResultCode = 50
	Busy                         ResultCode = 51
	Unavailable                  ResultCode = 52
	UnwillingToPerform           ResultCode = 53
	LoopDetect                   ResultCode = 54
	SortControlMissing           ResultCode = 60
	OffsetRangeError             ResultCode = 61
	NamingViolation              ResultCode = 64
	ObjectClassViolation         ResultCode = 65
	NotAllowedOnNonLeaf          ResultCode = 66
	NotAllowedOnRDN              ResultCode = 67
	EntryAlreadyExists           ResultCode = 68
	ObjectClassModsProhibited    ResultCode = 69
	AffectsMultipleDSAs          ResultCode = 71
	VirtualListViewError         ResultCode = 76
	Other                        ResultCode = 80
	Canceled                     ResultCode = 118
	NoSuchOperation              ResultCode = 119
	TooLate                      ResultCode = 120
	CannotCancel                 ResultCode = 121
	AssertionFailed              ResultCode = 122
	AuthorizationDenied          ResultCode = 123
	NoOperation                  ResultCode = 16654 // of the no-op control, draft-zeilenga-ldap-noop, as OpenDJ has it
)

var codeNames = map[ResultCode]string{
	Success: "success", OperationsError: "operationsError", ProtocolError: "protocolError",
	TimeLimitExceeded: "timeLimitExceeded", SizeLimitExceeded: "sizeLimitExceeded",
	CompareFalse: "compareFalse", CompareTrue: "compareTrue", AuthMethodNotSupported: "authMethodNotSupported",
	StrongerAuthRequired: "strongerAuthRequired", Referral: "referral", AdminLimitExceeded: "adminLimitExceeded",
	UnavailableCriticalExtension: "unavailableCriticalExtension", ConfidentialityRequired: "confidentialityRequired",
	SASLBindInProgress: "saslBindInProgress", NoSuchAttribute: "noSuchAttribute",
	UndefinedAttributeType: "undefinedAttributeType", InappropriateMatching: "inappropriateMatching",
	ConstraintViolation: "constraintViolation", AttributeOrValueExists: "attributeOrValueExists",
	InvalidAttributeSyntax: "invalidAttributeSyntax", NoSuchObject: "noSuchObject", AliasProblem: "aliasProblem",
	InvalidDNSyntax: "invalidDNSyntax", AliasDereferencingProblem: "aliasDereferencingProblem",
	InappropriateAuthentication: "inappropriateAuthentication", InvalidCredentials: "invalidCredentials",
	InsufficientAccessRights: "insufficientAccessRights", Busy: "busy", Unavailable: "unavailable",
	UnwillingToPerform: "unwillingToPerform", LoopDetect: "loopDetect", SortControlMissing: "sortControlMissing",
	OffsetRangeError: "offsetRangeError", NamingViolation: "namingViolation", ObjectClassViolation: "objectClassViolation",
	NotAllowedOnNonLeaf: "notAllowedOnNonLeaf", NotAllowedOnRDN: "notAllowedOnRDN", EntryAlreadyExists: "entryAlreadyExists",
	ObjectClassModsProhibited: "objectClassModsProhibited", AffectsMultipleDSAs: "affectsMultipleDSAs",
	VirtualListViewError: "virtualListViewError", Other: "other", Canceled: "canceled", NoSuchOperation: "noSuchOperation",
	TooLate: "tooLate", CannotCancel: "cannotCancel", AssertionFailed: "assertionFailed",
	AuthorizationDenied: "authorizationDenied", NoOperation: "noOperation",
}

// String is the code's name in RFC 4511, or its number.
func (c ResultCode) String() string {
	if name, ok := codeNames[c]; ok {
		return name
	}
	return strconv.Itoa(int(c))
}

// Result is how an operation ended. The zero Result is success.
type Result struct {
	Code      ResultCode
	MatchedDN string
	Message   string // the diagnostic message
	Referrals []string
	Controls  []Control // response controls
}
