//go:build !unix

package queue

func runChild() {}
