package openapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

const (
	orgURL = "https://hub.okta.com"
	// version is that of the document; another one may ask for other things.
	version = "2025.08.0"
)

// exchange is a line of what sim/okta's tests recorded.
type exchange struct {
	Test   string      `json:"test"`
	Method string      `json:"method"`
	URL    string      `json:"url"`
	Type   string      `json:"type"`
	Status int         `json:"status"`
	Header http.Header `json:"header"`
	Body   string      `json:"body"`
}

// undocumented are statuses that the document lists for no operation, or not for all, with the reason that they are right. Their
// bodies are held to the form of an error.
var undocumented = map[int]string{
	http.StatusBadRequest:          "left out where a request has no body, though parameters can be wrong",
	http.StatusUnauthorized:        "the catalogue gives E0000011 and others 401; the document leaves authentication out",
	http.StatusForbidden:           "left out of the keys of a connection",
	http.StatusNotFound:            "left out of some operations whose body names groups",
	http.StatusMethodNotAllowed:    "E0000022 of the catalogue",
	http.StatusConflict:            "E0000112 of the catalogue",
	http.StatusPreconditionFailed:  "If-Match is documented, its failure is not",
	http.StatusLocked:              "E0000239, recorded on group rules",
	http.StatusInternalServerError: "E0000009 of the catalogue",
	http.StatusServiceUnavailable:  "E0000010 of the catalogue",
	http.StatusNotImplemented:      "what the simulator has not",
	http.StatusBadGateway:          "a page of a gateway, made by a fault",
}

// elsewhere are paths outside the document, which describes the management API.
var elsewhere = []string{"/api/v1/authn", "/oauth2/v1/token"}

// judge holds exchanges to the document and to the members that answers always have.
type judge struct {
	router  routers.Router
	options openapi3filter.Options
}

func newJudge(file string) (*judge, error) {
	document, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		return nil, err
	}
	if document.Info.Version != version {
		return nil, fmt.Errorf("%s is of version %s, not %s", file, document.Info.Version, version)
	}
	for _, name := range nullable {
		schema := document.Components.Schemas[name]
		if schema == nil {
			return nil, fmt.Errorf("%s has no schema %s", file, name)
		}
		admitNull(schema, map[*openapi3.Schema]bool{})
	}
	// It says that the values in these are objects, where its own examples have strings and lists.
	for schema, property := range map[string]string{"IdentityProviderApplicationUser": "profile", "User": "_embedded"} {
		document.Components.Schemas[schema].Value.Properties[property].Value.AdditionalProperties.Schema = nil
	}
	document.Servers = openapi3.Servers{{URL: orgURL}}
	router, err := gorillamux.NewRouter(document)
	j := &judge{router, openapi3filter.Options{IncludeResponseStatus: true}}
	j.options.WithCustomSchemaErrorFunc(where)
	return j, err
}

// where is a mistake and what led to it, without schemas, whose hundreds of lines say nothing in a failed test.
func where(e *openapi3.SchemaError) string {
	text := "at /" + strings.Join(e.JSONPointer(), "/") + ": " + e.Reason
	if e.Origin != nil {
		text += ": " + e.Origin.Error()
	}
	return text
}

// nullable are schemas in which null is right, though the document does not say so: its own examples have it, and recorded answers.
var nullable = []string{"LogEvent", "ApplicationAccessibility", "PolicyAccountLink", "PolicySubject"}

func admitNull(at *openapi3.SchemaRef, done map[*openapi3.Schema]bool) {
	if at == nil || at.Value == nil || done[at.Value] {
		return
	}
	done[at.Value] = true
	at.Value.Nullable = true
	for _, inner := range at.Value.Properties {
		admitNull(inner, done)
	}
	for _, inner := range at.Value.AllOf {
		admitNull(inner, done)
	}
	admitNull(at.Value.Items, done)
	admitNull(at.Value.AdditionalProperties.Schema, done)
}

// find returns the operation of an exchange; a path outside the document has none.
func (j *judge) find(e exchange) (*openapi3filter.RequestValidationInput, error) {
	r, err := http.NewRequest(e.Method, orgURL+e.URL, http.NoBody)
	if err != nil {
		return nil, err
	}
	route, parameters, err := j.router.FindRoute(r)
	if err != nil {
		return nil, err
	}
	return &openapi3filter.RequestValidationInput{Request: r, Route: route, PathParams: parameters}, nil
}

// check returns the operation that an exchange is of, and what is wrong with the answer.
func (j *judge) check(e exchange) (operation string, err error) {
	if err := checkHeaders(e); err != nil {
		return "", err
	}
	found, err := j.find(e)
	switch {
	case errors.Is(err, routers.ErrPathNotFound), errors.Is(err, routers.ErrMethodNotAllowed):
		if e.Status < http.StatusBadRequest && !isElsewhere(e.URL) {
			return "", errors.New("the document has no such operation, and yet it was carried out")
		}
		return "", checkError(e)
	case err != nil:
		return "", err
	}
	operation = found.Route.Operation.OperationID
	if err := checkError(e); err != nil {
		return operation, err
	}
	if _, left := undocumented[e.Status]; left && found.Route.Operation.Responses.Status(e.Status) == nil {
		return operation, nil
	}
	if e.Status == http.StatusForbidden && e.Body == "" {
		return operation, nil // a scope is missing: the answer is in the header
	}
	if e.Status == http.StatusOK && !strings.Contains(e.Type, "okta-response=") {
		if err := lacksFor(operation, e); err != nil {
			return operation, err
		}
	}
	for _, body := range bodies(operation, e) {
		if err := openapi3filter.ValidateResponse(found.Request.Context(), &openapi3filter.ResponseValidationInput{
			RequestValidationInput: found, Status: e.Status, Header: e.Header, Body: io.NopCloser(strings.NewReader(body)),
			Options: &j.options,
		}); err != nil {
			return operation, err
		}
	}
	return operation, nil
}

// bodies is the body as the document has it: it says of a list of policies that it is one policy, which no org answers (and which
// is why the SDK that is generated from it cannot read one).
func bodies(operation string, e exchange) []string {
	var list []json.RawMessage
	if operation != "listPolicies" || e.Status != http.StatusOK || json.Unmarshal([]byte(e.Body), &list) != nil {
		return []string{e.Body}
	}
	texts := make([]string, len(list))
	for i, one := range list {
		texts[i] = string(one)
	}
	return texts
}

func lacksFor(operation string, e exchange) error {
	if strings.Contains(e.URL, "tempPassword=true") { // an older form of the other call
		operation = "expirePasswordWithTempPassword"
	}
	if members := always[operation]; members != nil {
		return lacks([]byte(e.Body), members)
	}
	return nil
}

func isElsewhere(url string) bool {
	for _, prefix := range elsewhere {
		if strings.HasPrefix(url, prefix) {
			return true
		}
	}
	return false
}

var (
	requestID = regexp.MustCompile(`^[0-9a-f]{32}$`)
	number    = regexp.MustCompile(`^\d+$`)
	errorID   = regexp.MustCompile(`"errorId":"oae[A-Za-z0-9_-]{22}"`)
	code      = regexp.MustCompile(`"errorCode":"(E\d{7}|invalid_\w+)".*"errorLink":"(E\d{7}|invalid_\w+)"`)
)

// checkHeaders holds every answer to the headers that all recorded ones have.
func checkHeaders(e exchange) error {
	for _, name := range []string{"X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"} {
		if !number.MatchString(e.Header.Get(name)) {
			return fmt.Errorf("%s is %q", name, e.Header.Get(name))
		}
	}
	if !requestID.MatchString(e.Header.Get("X-Okta-Request-Id")) {
		return errors.New("there is no X-Okta-Request-Id")
	}
	if _, err := http.ParseTime(e.Header.Get("Date")); err != nil {
		return fmt.Errorf("Date: %w", err)
	}
	kind := e.Header.Get("Content-Type")
	if wanted := e.Body != ""; wanted != (kind != "") || wanted && kind != "application/json" && e.Status != http.StatusBadGateway {
		return fmt.Errorf("the body has %d bytes of type %q", len(e.Body), kind)
	}
	return nil
}

// checkError holds every error with a body to the envelope, or at the token endpoint to the form of RFC 6749.
func checkError(e exchange) error {
	switch {
	case e.Status < http.StatusBadRequest, e.Status == http.StatusBadGateway, e.Body == "":
		return nil
	case strings.HasPrefix(e.URL, "/oauth2/") && strings.HasPrefix(e.Body, `{"error":`):
		return lacks([]byte(e.Body), fields("error error_description"))
	}
	if err := lacks([]byte(e.Body), errorMembers); err != nil {
		return err
	}
	codes := code.FindStringSubmatch(e.Body)
	if codes == nil || codes[1] != codes[2] || !errorID.MatchString(e.Body) || strings.Contains(e.Body, `"errorCauses":null`) {
		return fmt.Errorf("not Okta's envelope: %s", e.Body)
	}
	return nil
}
