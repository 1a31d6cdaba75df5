package good

import "testing"

func FuzzGetpid(f *testing.F) {
	f.Add(1)
	f.Fuzz(func(t *testing.T, n int) {
		if Getpid() == 0 {
			t.Error(n)
		}
	})
}
