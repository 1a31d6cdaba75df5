package podtest

import "testing/synctest"

// settle waits, in a bubble, until nothing there goes on before time does, and
// says whether it is one. There is no other way to ask.
func settle() (inBubble bool) {
	defer func() {
		if v := recover(); v != nil && v != "goroutine is not in a bubble" {
			panic(v)
		}
	}()
	synctest.Wait()
	return true
}
