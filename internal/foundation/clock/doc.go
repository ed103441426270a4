// Package clock is the only place of Wire that reads the time or waits for it.
//
// Code that needs time takes a Reader, a Waiter or a Clock as a parameter: System gives the machine's clock, NewManual one that a test
// moves by hand. Nothing else may call time.Now, time.Sleep or time.After, so that every pause and every timestamp can be replayed.
package clock
