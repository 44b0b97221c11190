package directory

import (
	"fmt"

	"github.com/seatrial/seatrial/sim/ds/directory/schema"
)

// kinds are the attribute types that this package itself deals with.
type kinds struct {
	objectClass, userPassword, uid, cn, sn, givenName, displayName, mail, member, uniqueMember, memberURL, aci, ref, aliasedObjectName *schema.Attribute

	entryUUID, entryDN, etag, createTimestamp, modifyTimestamp, creatorsName, modifiersName, hasSubordinates, numSubordinates,
	structuralObjectClass, subschemaSubentry, isMemberOf *schema.Attribute

	pwdChangedTime, pwdAccountLockedTime, pwdFailureTime, pwdHistory, pwdGraceUseTime, pwdReset, pwdPolicySubentry,
	pwdExpirationTime, accountDisabled, accountExpirationTime, passwordPolicyDN, warnedTime, lastLoginTime, requiredChangeTime *schema.Attribute

	privilegeName, sizeLimit, timeLimit, lookthroughLimit *schema.Attribute

	subtreeSpecification, aclRights, aclRightsInfo, distinguishedName *schema.Attribute
}

func newKinds(s *schema.Schema) (k kinds, err error) {
	for name, into := range map[string]**schema.Attribute{
		"objectClass": &k.objectClass, "userPassword": &k.userPassword, "uid": &k.uid, "cn": &k.cn, "sn": &k.sn,
		"givenName": &k.givenName, "displayName": &k.displayName, "mail": &k.mail, "member": &k.member,
		"uniqueMember": &k.uniqueMember, "memberURL": &k.memberURL, "aci": &k.aci, "ref": &k.ref, "aliasedObjectName": &k.aliasedObjectName,
		"entryUUID": &k.entryUUID, "entryDN": &k.entryDN, "etag": &k.etag, "createTimestamp": &k.createTimestamp,
		"modifyTimestamp": &k.modifyTimestamp, "creatorsName": &k.creatorsName, "modifiersName": &k.modifiersName,
		"hasSubordinates": &k.hasSubordinates, "numSubordinates": &k.numSubordinates,
		"structuralObjectClass": &k.structuralObjectClass, "subschemaSubentry": &k.subschemaSubentry, "isMemberOf": &k.isMemberOf,
		"pwdChangedTime": &k.pwdChangedTime, "pwdAccountLockedTime": &k.pwdAccountLockedTime, "pwdFailureTime": &k.pwdFailureTime,
		"pwdHistory": &k.pwdHistory, "pwdGraceUseTime": &k.pwdGraceUseTime, "pwdReset": &k.pwdReset,
		"pwdPolicySubentry": &k.pwdPolicySubentry, "pwdExpirationTime": &k.pwdExpirationTime,
		"ds-pwp-account-disabled": &k.accountDisabled, "ds-pwp-account-expiration-time": &k.accountExpirationTime,
		"ds-pwp-password-policy-dn": &k.passwordPolicyDN, "ds-pwp-warned-time": &k.warnedTime, "ds-pwp-last-login-time": &k.lastLoginTime,
		"ds-pwp-password-changed-by-required-time": &k.requiredChangeTime,
		"ds-privilege-name":                        &k.privilegeName, "ds-rlim-size-limit": &k.sizeLimit, "ds-rlim-time-limit": &k.timeLimit,
		"ds-rlim-lookthrough-limit": &k.lookthroughLimit,
		"subtreeSpecification":      &k.subtreeSpecification, "aclRights": &k.aclRights, "aclRightsInfo": &k.aclRightsInfo,
		"distinguishedName": &k.distinguishedName,
	} {
		found, ok := s.Attribute(name)
		if !ok {
			return k, fmt.Errorf("%w: the schema has no %s", ErrInvalid, name)
		}
		*into = found
	}
	return k, nil
}
