package pod

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAnInitContainerThatCompletesAsItIsRestartedStaysDone(t *testing.T) {
	now := time.Now()
	sp := (&Pod{Containers: []Container{{Name: "init", Init: true, Command: []string{"i"}}, {Name: "main", Command: []string{"m"}}}}).spec("")
	st := newState(sp, now)
	take := func() (taken []action) {
		for {
			actions, _ := decide(sp, st, now)
			if len(actions) == 0 {
				return taken
			}
			for _, a := range actions {
				st.apply(a, now)
				taken = append(taken, a)
			}
		}
	}
	require.Len(t, take(), 1)
	st.let(0, holdBegin)
	st.restart(0) // both before the loop decides again
	st.exited(0, false, now)
	for _, a := range take() {
		require.Equal(t, 1, a.container, "only the main container starts: %v", a)
	}
	require.Equal(t, ended, st.containers[0].phase)
}

// A lease that is asked for while the pod's own resets what has waited too long
// gets what comes from then on.
func TestALeaseTakesOverFromTheOneThatResets(t *testing.T) {
	base, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := newSocket(base.(deadlineListener), "web", time.Hour)
	defer s.close()
	for range 200 {
		resetting := make(chan struct{})
		go func() {
			defer close(resetting)
			s.reset()
		}()
		l := s.lease() // before, while or after the other begins
		c, err := net.Dial("tcp", base.Addr().String())
		require.NoError(t, err)
		served, err := l.Accept()
		require.NoError(t, err)
		require.Equal(t, c.LocalAddr().String(), served.RemoteAddr().String())
		require.True(t, s.out())
		served.Close()
		c.Close()
		require.NoError(t, l.Close())
		for over := false; !over; {
			select {
			case <-resetting:
				over = true
			default:
				s.lease().Close() // a reset that came late has the socket now
			}
		}
	}
}
