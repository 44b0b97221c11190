package policy

// Rules lists every rule in the order in which Check reports them.
func Rules() []Rule {
	return []Rule{
		RuleMinLength, RuleMaxLength, RuleMinAlphas, RuleMinNumerals, RuleMinAlphaNumerals, RuleMinSpecialChars,
		RuleMaxSpecialChars, RuleMinLowerCase, RuleMinUpperCase, RuleMinUniqueChars, RuleMaxRepeatedChars,
		RuleDistinctCharacters, RuleNumPasswordsInHistory, RuleStartsWithAlphabet, RuleRequiredChars, RuleAllowedChars,
		RuleDisallowedChars, RuleDisallowedSubstrings, RuleFirstNameDisallowed, RuleLastNameDisallowed,
		RuleUserNameDisallowed, RuleDisallowedUserAttributeValues, RuleDictionaryWordDisallowed, RuleMinPasswordAge,
		RuleMinCharacterSets,
	}
}

// setting points at what turns a rule on.
func (p *Policy) setting(rule Rule) any {
	switch rule {
	case RuleMinLength:
		return &p.MinLength
	case RuleMaxLength:
		return &p.MaxLength
	case RuleMinAlphas:
		return &p.MinAlphas
	case RuleMinNumerals:
		return &p.MinNumerals
	case RuleMinAlphaNumerals:
		return &p.MinAlphaNumerals
	case RuleMinSpecialChars:
		return &p.MinSpecialChars
	case RuleMaxSpecialChars:
		return &p.MaxSpecialChars
	case RuleMinLowerCase:
		return &p.MinLowerCase
	case RuleMinUpperCase:
		return &p.MinUpperCase
	case RuleMinUniqueChars:
		return &p.MinUniqueChars
	case RuleMaxRepeatedChars:
		return &p.MaxRepeatedChars
	case RuleDistinctCharacters:
		return &p.DistinctCharacters
	case RuleNumPasswordsInHistory:
		return &p.NumPasswordsInHistory
	case RuleMinPasswordAge:
		return &p.MinPasswordAge
	case RuleMinCharacterSets:
		return &p.MinCharacterSets
	case RuleStartsWithAlphabet:
		return &p.StartsWithAlphabet
	case RuleFirstNameDisallowed:
		return &p.FirstNameDisallowed
	case RuleLastNameDisallowed:
		return &p.LastNameDisallowed
	case RuleUserNameDisallowed:
		return &p.UserNameDisallowed
	case RuleDictionaryWordDisallowed:
		return &p.DictionaryWordDisallowed
	case RuleRequiredChars:
		return &p.RequiredChars
	case RuleAllowedChars:
		return &p.AllowedChars
	case RuleDisallowedChars:
		return &p.DisallowedChars
	case RuleDisallowedSubstrings:
		return &p.DisallowedSubstrings
	case RuleDisallowedUserAttributeValues:
		return &p.DisallowedUserAttributeValues
	default:
		return nil
	}
}

// sets tells whether the policy has the rule at all.
func (p Policy) sets(rule Rule) bool {
	switch setting := p.setting(rule).(type) {
	case *int:
		return *setting > 0
	case *bool:
		return *setting
	case *string:
		return *setting != ""
	case *[]string:
		return len(*setting) > 0
	default:
		return false
	}
}

// without is the policy less one rule.
func (p Policy) without(rule Rule) Policy {
	switch setting := p.setting(rule).(type) {
	case *int:
		*setting = 0
	case *bool:
		*setting = false
	case *string:
		*setting = ""
	case *[]string:
		*setting = nil
	}
	return p
}
