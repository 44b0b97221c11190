package okta

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// profile is a user's attributes by name; only those that have a value.
type profile map[string]string

// baseAttributes is Okta's default user profile (Okta, Users API, "Default profile properties").
var baseAttributes = []string{
	"login", "email", "secondEmail", "firstName", "lastName", "middleName", "honorificPrefix", "honorificSuffix", "title",
	"displayName", "nickName", "profileUrl", "primaryPhone", "mobilePhone", "streetAddress", "city", "state", "zipCode",
	"countryCode", "postalAddress", "preferredLanguage", "locale", "timezone", "userType", "employeeNumber", "costCenter",
	"organization", "division", "department", "managerId", "manager",
}

// shown are the attributes that every answer has, in the recorded order, with null where there is no value.
var shown = []string{"firstName", "lastName", "mobilePhone", "secondEmail", "login", "email"}

// adopt returns the profile with the attributes of a request. A partial request leaves the others; a null removes.
func (s *Server) adopt(old profile, sent map[string]json.RawMessage, partial bool) (profile, error) {
	next := profile{}
	if partial {
		next = maps.Clone(old)
		if next == nil {
			next = profile{}
		}
	}
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		if !slices.Contains(baseAttributes, name) && !slices.Contains(s.config.Attributes, name) {
			unknown = append(unknown, fmt.Sprintf("Property name '%s' is not defined in profile", name))
			continue
		}
		var value *string
		if err := json.Unmarshal(sent[name], &value); err != nil {
			return nil, refuse(typeMismatch, name+" is not a string")
		}
		switch {
		case value != nil && (*value != "" || slices.Contains(shown, name)):
			next[name] = *value
		default:
			delete(next, name)
		}
	}
	if unknown != nil {
		return nil, refuse(validation, "newUser").because(unknown...)
	}
	return next, s.checkProfile(next)
}

// checkProfile reports everything that is wrong with a profile; the summary names the first attribute.
func (s *Server) checkProfile(m profile) error {
	var field string
	var causes []string
	wrong := func(name, text string) {
		if field == "" {
			field = name
		}
		causes = append(causes, name+": "+text)
	}
	for _, name := range []string{"login", "email", "firstName", "lastName"} {
		value := m[name]
		length := utf8.RuneCountInString(value)
		email := name == "login" || name == "email"
		switch {
		case strings.TrimSpace(value) == "":
			wrong(name, "The field cannot be left blank")
		case name == "login" && s.is(loginFormat, "email") && !looksLikeEmail(value):
			wrong(name, "Username must be in the form of an email address")
		case name == "email" && !looksLikeEmail(value):
			wrong(name, "Does not match required pattern")
		case email && length < 5:
			wrong(name, "The field is too short. It must be at least 5 characters.")
		case email && length > 100:
			wrong(name, "The field is too long. It must be at most 100 characters.")
		case !email && length > 50:
			wrong(name, "The field is too long. It must be at most 50 characters.")
		}
	}
	if causes == nil {
		return nil
	}
	return refuse(validation, field).because(causes...)
}

func looksLikeEmail(text string) bool {
	local, domain, ok := strings.Cut(text, "@")
	return ok && local != "" && strings.Contains(domain, ".") && !strings.HasPrefix(domain, ".") && !strings.HasSuffix(domain, ".") &&
		!strings.ContainsAny(text, " \t\r\n<>()\",;:") && !strings.Contains(domain, "@")
}
