package ber

import "errors"

// What can be wrong with a stranger's bytes.
var (
	ErrTooLarge   = errors.New("element larger than allowed")
	ErrTooDeep    = errors.New("elements nested deeper than allowed")
	ErrTruncated  = errors.New("element ends before its contents do")
	ErrIndefinite = errors.New("indefinite length")
	ErrLength     = errors.New("malformed length")
	ErrTag        = errors.New("unexpected tag")
	ErrValue      = errors.New("malformed value")
	ErrTrailing   = errors.New("unexpected bytes after the last element")
)
