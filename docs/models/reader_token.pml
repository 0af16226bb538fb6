/* reader_token.pml - who reads a shared connection: calling threads, the I/O thread, a server and its faults.
 *
 * `./dev model` checks it with Spin. README.md in this folder says what is modelled, what is not, and what came out.
 *
 * Every atomic{} or d_step{} that touches a variable marked [L] is one critical section under the lock of the
 * connection. All the rest interleaves: the futex (`asleep` is a flag of its own, so a lost wake-up is a real one), the
 * exchange that publishes an outcome, the report of epoll (`event`, handled later, when the token may have moved), sends
 * of half a command, receives of any number of replies.
 *
 * Assertions: A1 one reader. A2 one writer. A3 a reply goes to the operation that it answers. A4 one outcome for each
 * operation, and success means that the server ran it. A5 not_applied: the server never runs it. A6 nobody touches an
 * operation that has returned to its caller, and only the one that took it off the queue completes it. A7 while
 * something is pending there is a reader, while a byte is unsent there is a writer, and readability is watched exactly
 * while the I/O thread has the token. A8 at rest, when nothing can move any more: every operation has ended, nothing is
 * left in a queue, no end of the stream is unnoticed. A9 no handler after close() has returned. A lost wake-up or a
 * lost token is a state at rest, hence A8.
 */

/* -- the size of a check: -D on the command line of spin; defaults here ------------------------------------------ */
#ifndef NB
#define NB 2                    /* calling threads */
#endif
#ifndef OPS
#define OPS 1                   /* calls of each, one after the other */
#endif
#ifndef NA
#define NA 0                    /* asynchronous operations */
#endif
#ifndef LIMIT
#define LIMIT NB                /* permits: fewer than NB make a finished call start that of a sleeping thread */
#endif
/* how often each may happen, anywhere */
#ifndef TMO
#define TMO 0                   /* the time of a call is over */
#endif
#ifndef EOFS
#define EOFS 0                  /* the server ends the connection, or resets it */
#endif
#ifndef STALLS
#define STALLS 0                /* the server says nothing any more */
#endif
#ifndef EAGAINS
#define EAGAINS 0               /* the socket takes no more for a while */
#endif
#ifndef REFUSALS
#define REFUSALS 0              /* the server refuses a command, which is then submitted again */
#endif
#ifndef RETRIES
#define RETRIES 0               /* a call that was not applied is tried again by whoever ends the attempt */
#endif
#ifndef TAKEBACKS
#define TAKEBACKS 0             /* the I/O thread takes the token of an idle connection back, besides the one at rest */
#endif
#ifndef CLOSES
#define CLOSES 0                /* close() at any point */
#endif
#ifndef POLICY
#define POLICY 0                /* 1: a caller may leave the token with an I/O thread that only waits, and the other way */
#endif

#define NO (NB + NA)            /* operations at one time: one on the stack of each caller, and the asynchronous ones */
#define NT (NB * OPS + NA)      /* operations in all; a tag names each */
#define NQ (NT + REFUSALS)      /* the longest queue */
#define NIL 255
#define LEFT 254                /* in the queue: its caller has left, the reply is still owed */
#define REFUSED 100             /* added to the tag in a reply */

/* holders of a role */
#define NONE 0
#define CALLER 1
#define REACTOR 2
/* the word of a blocking operation, on which its caller sleeps */
#define WAITING 0
#define SLEEPING 1
#define LEADING 2               /* it has been given the token, and has not begun */
#define FINISHED 3
/* who has an operation */
#define NOBODY 0                /* its caller, or the thread that moves it on at this moment */
#define LINE 1                  /* the limiter's line */
#define POOL 2                  /* the pool's line: no connection is up */
#define CONN 3                  /* the connection's queue */
/* outcomes */
#define OK 1
#define UNKNOWN 2
#define NOTAPP 3
/* connection states */
#define UP 0
#define FAILING 1               /* nothing new; until both roles are released */
#define SWEEPING 2              /* one thread completes what is left */
#define DOWN 3                  /* nothing left; the I/O thread owns it */
#define CLOSED 4

byte word[NB]; bool asleep[NB];
byte tag[NO], res[NO], val[NO], has[NO]; bool alive[NO];
byte state, reader = REACTOR, writer;               /* [L] */
bool reading;                                       /* [L] the I/O thread is in the middle of reading */
bool armed = true;                                  /* [L] readability is watched; a hang-up always is */
byte qop[NQ], qtag[NQ], qlen;                       /* [L] replies owed; append; pop by the holder of the token */
short nfill;                                        /* [L] the newest of them: collected, not yet with the writer */
short nsend; bool half;                             /* those before: with the writer, not counted as sent; the writer's */
chan c2s = [NQ] of { byte };                        /* whole commands that the kernel accepted */
chan s2c = [NQ] of { byte };                        /* replies in the socket */
chan ubuf = [NQ] of { byte };                       /* replies received, not yet decoded: the reader's */
chan doneq = [NO] of { byte };                      /* asynchronous completions for the I/O thread */
chan line = [NB] of { byte };                       /* calls without a permit */
chan pool = [NB] of { byte };                       /* calls without a connection */
byte permits = LIMIT;
bool eof, shut, stalled, post_w, post_r, post_down;
bool hup, event;                                    /* epoll has a hang-up to report, once; it has reported something */
bool closing, close_returned, resting;
byte tmo = TMO, eofs = EOFS, stalls = STALLS, eagains = EAGAINS, refusals = REFUSALS, retries = RETRIES,
     takebacks = TAKEBACKS;
byte rd_in, wr_in;                                  /* threads inside the reading / writing region */
byte outcome[NT]; bool executed[NT];
byte ended;                                         /* callers that have returned for good */
byte async_left = NA;
byte gi;                                            /* scratch of the inlines, inside atomic only */

inline settle(t, r) {                               /* the operation t returns r to its user */
  assert(outcome[t] == 0);                          /* A4 */
  assert(r != NOTAPP || !executed[t]);              /* A5 */
  assert(r != OK || executed[t]);                   /* A4 */
  outcome[t] = r
}

/* ---- epoll; every change of interest is under the lock ---------------------------------------------------------- */
inline watch(on) {                                  /* EPOLL_CTL_MOD; never on a connection that is going down */
  assert(state == UP);
  armed = on
}

/* ---- the queue, inside atomic ----------------------------------------------------------------------------------- */
inline append(o) {
  assert(alive[o] && has[o] == NOBODY);
  qop[qlen] = o; qtag[qlen] = tag[o]; qlen++; nfill++; has[o] = CONN
}
inline pop_head() {
  gi = 1;
  do :: gi < qlen -> qop[gi-1] = qop[gi]; qtag[gi-1] = qtag[gi]; gi++ :: else -> break od;
  qlen--; qop[qlen] = 0; qtag[qlen] = 0; gi = 0;
  if :: nfill > qlen -> nfill = qlen :: else fi     /* only when swept */
}
/* The caller of o leaves: cut out without a trace, or the reply is still owed. */
inline take_back(o, cut) {
  assert(has[o] == CONN);
  gi = 0; do :: qop[gi] != o -> gi++ :: else -> break od;
  assert(gi < qlen);
  cut = (gi >= qlen - nfill);
#ifdef BUG_CUT_SENDING
  if :: gi >= qlen - nfill - nsend && !cut -> cut = true; nsend--; nfill++ :: else fi;
#endif
  if
  :: cut -> gi++;
     do :: gi < qlen -> qop[gi-1] = qop[gi]; qtag[gi-1] = qtag[gi]; gi++ :: else -> break od;
     qlen--; nfill--; qop[qlen] = 0; qtag[qlen] = 0
  :: else -> qop[gi] = LEFT
  fi;
  gi = 0; has[o] = NOBODY
}

/* ---- the token, inside atomic ----------------------------------------------------------------------------------- */
inline grant(o) {                                   /* to a caller that may sleep; it is woken after the lock */
  assert(alive[o] && has[o] == CONN);               /* A6 */
  assert(word[o] == WAITING || word[o] == SLEEPING);
  reader = CALLER; to = o; wake = (word[o] == SLEEPING); word[o] = LEADING
}
/* Given up by its holder, which is not reading any more: to a caller, to the I/O thread, or to nobody. */
inline hand_on() {
  to = NIL; wake = false;
  if
  :: state != UP -> reader = NONE;
#ifdef BUG_SWEEP_EARLY
     if :: state == FAILING -> state = SWEEPING; sweeper = true :: else fi
#else
     if :: state == FAILING && writer == NONE -> state = SWEEPING; sweeper = true :: else fi
#endif
  :: state == UP && qlen == 0 -> reader = NONE      /* only hang-up is watched now */
  :: state == UP && qlen > 0 ->
     gi = 0; any = false;                           /* the oldest caller that waits; anything asynchronous? */
     do
     :: gi < qlen && qop[gi] < NB -> if :: to == NIL -> to = qop[gi] :: else fi; gi++
     :: gi < qlen && qop[gi] >= NB -> any = any || qop[gi] != LEFT; gi++
     :: gi == qlen -> break
     od; gi = 0;
     if
     :: to != NIL -> grant(to)
     :: to == NIL || any -> to = NIL; reader = REACTOR; watch(true);
#ifndef BUG_CARRY_UNTOLD
        if :: nempty(ubuf) -> post_r = true :: empty(ubuf) fi;   /* epoll knows nothing of what was received already */
#endif
     fi; any = false
  fi
}
inline wake_granted() {
  if :: wake -> asleep[to] = false :: else fi;
  wake = false; to = 0
}

/* ---- failing ---------------------------------------------------------------------------------------------------- */
inline fail() {                                     /* any thread; the one that finds both roles free sweeps */
  d_step {
    if
    :: state == UP -> state = FAILING; shut = true; hup = true;
      if :: reader == NONE && writer == NONE -> state = SWEEPING; sweeper = true :: else fi
    :: else
    fi }
}
inline release_writer() {                           /* inside atomic */
  writer = NONE; wr_in--;
  if :: state == FAILING && reader == NONE -> state = SWEEPING; sweeper = true :: else fi
}

/* ---- submitting for another thread, and completing -------------------------------------------------------------- */
/* The operation o of a thread that may sleep is started by this one. */
inline submit_for(o, who) {
  atomic { to = NIL; wake = false;
    if
    :: state == UP -> append(o);
       if
       :: writer == NONE -> writer = who; if :: who == REACTOR -> post_w = true :: else -> w = true fi
       :: else
       fi;
       if
#ifdef BUG_GRANT_TO_SUBMITTER
       :: reader == NONE -> reader = CALLER         /* as if the thread of o were this one */
#else
       :: reader == NONE -> grant(o)
#endif
       :: else
       fi
    :: else -> has[o] = POOL; pool!o
    fi };
  wake_granted()
}
inline pass_permit(who) {
#if LIMIT < NB
  atomic { nxt = NIL; if :: nempty(line) -> line?nxt; has[nxt] = NOBODY :: empty(line) -> permits++ fi };
  if :: nxt != NIL -> submit_for(nxt, who) :: else fi;
  nxt = 0
#else
  skip
#endif
}
/* By the thread that took o off the queue. From the exchange on o belongs to its caller. */
inline complete(o, r, v, who) {
  assert(alive[o] && has[o] == NOBODY);             /* A6 */
  if
  :: o >= NB -> d_step { res[o] = r; val[o] = v; doneq!o }
  :: atomic { o < NB && r == NOTAPP && retries > 0 -> retries--; has[o] = POOL; pool!o }
  :: atomic { o < NB -> res[o] = r; val[o] = v };
     pass_permit(who);
     d_step { old = word[o]; assert(old == WAITING || old == SLEEPING); word[o] = FINISHED };
#ifndef BUG_NO_WAKE
     if :: old == SLEEPING -> asleep[o] = false :: else fi;   /* o may be another call of its caller by now */
#endif
     old = 0
  fi
}
/* Completes all that is left, in order. Nobody holds a role, submitters are refused. */
inline sweep(who) {
  do
  :: atomic { qlen > 0 -> tmp = qop[0]; found = (0 >= qlen - nfill - nsend);   /* its last byte is still with us */
       pop_head();
       if :: tmp != LEFT -> has[tmp] = NOBODY :: else fi };
     if
     :: tmp == LEFT
     :: tmp != LEFT && found -> complete(tmp, NOTAPP, NIL, who)
     :: tmp != LEFT && !found -> complete(tmp, UNKNOWN, NIL, who)
     fi; tmp = 0; found = false
  :: atomic { qlen == 0 -> break }
  od;
  atomic { sweeper = false; nfill = 0; nsend = 0; half = false; state = DOWN; post_down = true }
}

/* ---- writing; never waits --------------------------------------------------------------------------------------- */
inline write_loop(who) {
  d_step { wr_in++; assert(wr_in == 1) };           /* A2 */
  do
  :: d_step { state != UP -> release_writer() }; break
  :: d_step { state == UP && nsend == 0 && nfill == 0 -> release_writer() }; break
  :: d_step { state == UP && nsend == 0 && nfill > 0 -> nsend = nfill; nfill = 0 }
#if EOFS || CLOSES
  :: d_step { nsend > 0 && !half && !eof && !shut -> half = true }             /* a part of it */
  :: d_step { nsend > 0 && half && !eof && !shut -> half = false; c2s!qtag[qlen - nfill - nsend] };
#else
  :: d_step { nsend > 0 && !eof && !shut -> c2s!qtag[qlen - nfill - nsend] };
#endif
     nsend--                                        /* the kernel has it before the writer has counted it */
  :: state == UP && nsend > 0 && (eof || shut) -> fail()                       /* EPIPE; the next turn releases */
  :: d_step { nsend > 0 && eagains > 0 && state == UP && !eof && !shut -> eagains--;
       writer = REACTOR; post_w = true; wr_in-- }; break                       /* EAGAIN: the I/O thread waits for room */
  od
}

/* ---- reading; never waits --------------------------------------------------------------------------------------- */
inline consume_one(who) {                           /* the oldest reply, to the oldest that is owed one */
  d_step { ubuf?rep; assert(qlen > 0);
    tmp = qop[0]; found = (rep >= REFUSED);
    if :: found -> rep = rep - REFUSED :: else fi;
    assert(qtag[0] == rep);                         /* A3 */
    pop_head();
    if :: tmp != LEFT -> has[tmp] = NOBODY :: else fi };
  if
  :: tmp == LEFT
  :: tmp != LEFT && found && tmp < NB -> submit_for(tmp, who)                  /* again, on this thread, here */
  :: tmp != LEFT && found && tmp < NB -> d_step { has[tmp] = POOL; pool!tmp }  /* or later, by the I/O thread */
  :: tmp != LEFT && found && tmp >= NB -> complete(tmp, NOTAPP, NIL, who)
  :: tmp != LEFT && !found -> complete(tmp, OK, rep, who)
  fi;
  d_step { tmp = 0; rep = 0; found = false };
  if :: w -> w = false; write_loop(CALLER) :: else fi
}
inline recv_some() {                                /* readiness is a hint: a reset may have emptied it */
  atomic {
    if
    :: nempty(s2c) -> s2c?rep; ubuf!rep; do :: nempty(s2c) -> s2c?rep; ubuf!rep :: break od
    :: empty(s2c)
    fi; rep = 0 }
}

proctype Caller(byte id) {
  byte k, tmp, rep, old, to, nxt, r; bool w, lead, found, sweeper, expired, wake, any;
  k = 0;
  do
  :: k < OPS ->
    atomic {
      alive[id] = true; word[id] = WAITING; tag[id] = id*OPS+k; assert(has[id] == NOBODY);
#if LIMIT < NB
      if :: permits > 0 -> permits-- :: else -> has[id] = LINE; line!id; goto waiting fi
#endif
    };
    atomic {                                        /* one critical section: append, and take what is free */
      if
      :: state == UP -> append(id);
        if :: writer == NONE -> writer = CALLER; w = true :: else fi;
        if
        :: reader == NONE -> reader = CALLER; lead = true
        :: reader == REACTOR && qlen == 1 &&        /* it only waits, nothing is pending */
#ifndef BUG_TAKE_WHILE_READING
           !reading
#else
           true
#endif
           -> reader = CALLER; lead = true;
#ifndef BUG_TAKE_ARMED
           watch(false)
#endif
#if POLICY
        :: reader == REACTOR                        /* it need not: a matter of policy */
#else
        :: reader == REACTOR && !(qlen == 1 && !reading)
#endif
        :: reader == CALLER
        fi
      :: state != UP && state != CLOSED -> has[id] = POOL; pool!id
      :: state == CLOSED -> settle(id*OPS+k, NOTAPP); alive[id] = false; goto leave_line
      fi };
    if :: w -> w = false; write_loop(CALLER) :: else fi;
    if :: sweeper -> sweep(CALLER) :: else fi;
    if :: lead -> goto leading :: else fi;
waiting:
    do
    :: atomic { word[id] == FINISHED -> goto take }
    :: atomic { word[id] == LEADING -> goto leading }
    :: atomic { word[id] == WAITING -> word[id] = SLEEPING }                   /* compare and swap */
#ifdef BUG_SLEEP_UNCHECKED
    :: word[id] == SLEEPING -> asleep[id] = true;
#else
    :: atomic { word[id] == SLEEPING -> asleep[id] = true };                   /* the futex compares and sleeps in one step */
#endif
       if
       :: !asleep[id]
       :: atomic { tmo > 0 && asleep[id] -> tmo--; asleep[id] = false; expired = true; goto expire }
       fi
    :: atomic { tmo > 0 -> tmo--; expired = true; goto expire }
    :: atomic { expired && has[id] != NOBODY -> goto expire }                  /* it was being moved on: asked again */
    od;
expire:
    atomic { to = NIL; wake = false;
      if
      :: has[id] == LINE -> line??eval(id); has[id] = NOBODY; settle(id*OPS+k, NOTAPP); alive[id] = false; goto next
      :: has[id] == POOL -> pool??eval(id); has[id] = NOBODY; r = NOTAPP
      :: has[id] == CONN ->
         take_back(id, found);
         r = (found -> NOTAPP : UNKNOWN);
#ifdef BUG_REFUSE_TOKEN
#else
         /* granted meanwhile, and not begun: in this very section it goes on to the next */
         if :: word[id] == LEADING -> word[id] = WAITING; hand_on() :: else fi;
#endif
         found = false
      :: has[id] == NOBODY -> goto waiting          /* its outcome is on its way, or it is being moved on */
      fi;
      settle(id*OPS+k, r); alive[id] = false; r = 0 };
    wake_granted();
    if :: sweeper -> sweep(CALLER) :: else fi;
    goto leave_line;
leading:
    atomic { lead = false; rd_in++; assert(rd_in == 1); assert(reader == CALLER);       /* A1 */
#ifndef BUG_WORD_KEPT
      if :: word[id] == LEADING -> word[id] = WAITING :: else fi
#endif
    };
    do                                              /* as long as its own operation is pending here */
    :: state != UP -> break
    :: has[id] != CONN -> break
    :: has[id] == CONN && expired -> break
    :: nempty(ubuf) -> consume_one(CALLER)          /* what was carried over comes before any wait */
    :: state == UP && has[id] == CONN && !expired && empty(ubuf) && nempty(s2c) -> recv_some()
    :: state == UP && has[id] == CONN && !expired && empty(ubuf) && empty(s2c) && (eof || shut) -> fail()
    :: atomic { has[id] == CONN && !expired && tmo > 0 -> tmo--; expired = true }
    od;
    if
    :: d_step { expired && has[id] == CONN -> take_back(id, found);            /* its own deadline; the token stays */
         r = (found -> NOTAPP : UNKNOWN); found = false; settle(id*OPS+k, r); alive[id] = false };
       pass_permit(CALLER);                            /* may submit, in the middle of leading */
       if :: w -> w = false; write_loop(CALLER) :: else fi
    :: else
    fi;
#ifdef BUG_EXPIRED_DROPS
    if :: r != 0 -> atomic { rd_in--; reader = NONE }; r = 0; goto next :: else fi;
#endif
    atomic { rd_in--; hand_on() };
    wake_granted();
    if :: sweeper -> sweep(CALLER) :: else fi;
    if
    :: r != 0 -> r = 0; goto next
    :: else -> goto waiting                         /* finished; or moved on, or the connection failed: who has it ends it */
    fi;
take:
    atomic { assert(has[id] == NOBODY && tag[id] == id*OPS+k);
      assert(res[id] != OK || val[id] == id*OPS+k);                            /* A3 */
      settle(id*OPS+k, res[id]); alive[id] = false; res[id] = 0; val[id] = 0 };
    goto next;
leave_line:                                         /* the caller ended it itself: it passes its permit on */
    pass_permit(CALLER);
    if :: w -> w = false; write_loop(CALLER) :: else fi;
    if :: sweeper -> sweep(CALLER) :: else fi;
next:
    atomic { k++; expired = false; lead = false; tag[id] = 0; to = 0 }
  :: else -> break
  od;
  ended++
}

/* The I/O thread: asynchronous operations, timers and handlers, the pool's line; reading and writing with the role. */
proctype Reactor() {
  byte n, tmp, rep, old, to, nxt; bool found, sweeper, wake, w, any, go;
end:
  do
  :: atomic { async_left > 0 -> async_left--; n = NB + async_left; alive[n] = true; tag[n] = NB*OPS + async_left;
       if
       :: state == UP -> append(n);
         if :: writer == NONE -> writer = REACTOR; post_w = true :: else fi;   /* flushed when the dispatch ends */
         if :: reader == NONE -> reader = REACTOR; watch(true) :: else fi
       :: else -> settle(tag[n], NOTAPP); alive[n] = false
       fi; n = 0 }
  :: atomic { post_w -> post_w = false; assert(writer == REACTOR) };           /* the flush, or writable again */
     write_loop(REACTOR);
     if :: sweeper -> sweep(REACTOR) :: else fi
     /* epoll reports; what it reported is looked at later */
  :: d_step { !event && ((armed && (nempty(s2c) || eof || shut)) || hup) -> event = true; hup = false }
  :: atomic { (event || post_r) -> event = false; post_r = false;
       if
#ifdef BUG_STALE_WAKE_READS
       :: state == UP -> go = true
#else
       :: reader == REACTOR -> go = true
#endif
       :: reader == NONE && state == UP && (eof || shut) -> reader = REACTOR; watch(true); go = true
       :: else                                      /* a stale wake: the token is elsewhere */
       fi;
       if :: go -> reading = true; rd_in++; assert(rd_in == 1); assert(reader == REACTOR) :: else fi };   /* A1 */
     if
     :: go -> go = false;
        do
        :: state != UP -> break
        :: state == UP && nempty(ubuf) -> consume_one(REACTOR)
        :: state == UP && empty(ubuf) && nempty(s2c) -> recv_some()
        :: state == UP && empty(ubuf) && empty(s2c) && (eof || shut) -> fail()
        :: state == UP && empty(ubuf) && (nempty(s2c) || !(eof || shut)) -> break
        od;
        atomic { rd_in--; reading = false; to = NIL; wake = false;             /* the end of the dispatch */
          if
          :: state != UP -> armed = false; hand_on()
          :: state == UP ->                         /* keep the token; or the oldest, if only callers wait */
             gi = 0; any = false;
             do
             :: gi < qlen && qop[gi] < NB -> if :: to == NIL -> to = qop[gi] :: else fi; gi++
             :: gi < qlen && qop[gi] >= NB -> any = any || qop[gi] != LEFT; gi++
             :: gi == qlen -> break
             od; gi = 0;
             if
             :: to != NIL && !any -> grant(to);
#ifndef BUG_GRANT_ARMED
                watch(false)
#endif
#if POLICY
             :: to = NIL
#else
             :: !(to != NIL && !any) -> to = NIL
#endif
             fi; any = false
          fi };
        wake_granted();
        if :: sweeper -> sweep(REACTOR) :: else fi
     :: else
     fi
     /* idle for a while: readability is watched again */
  :: atomic { reader == NONE && state == UP && qlen == 0 && (takebacks > 0 || resting) ->
       if :: resting -> skip :: else -> takebacks-- fi;
       reader = REACTOR; watch(true) }
  :: atomic { nempty(doneq) -> doneq?n; assert(alive[n]); assert(!close_returned);      /* A9 */
       assert(res[n] != OK || val[n] == tag[n]);
       settle(tag[n], res[n]); alive[n] = false; res[n] = 0; val[n] = 0; n = 0 }
  :: atomic { tmo > 0 && NA > 0 -> tmo--;           /* an asynchronous time-out or cancellation */
       n = NB; do :: n < NO && has[n] != CONN -> n++ :: else -> break od;
       if
       :: n < NO -> assert(!close_returned); take_back(n, found);
          if :: found -> settle(tag[n], NOTAPP) :: else -> settle(tag[n], UNKNOWN) fi;
          alive[n] = false
       :: else
       fi; n = 0; found = false }
  :: atomic { state == UP && nempty(pool) -> pool?n; has[n] = NOBODY };
     submit_for(n, REACTOR); n = 0
  :: atomic { state == CLOSED && nempty(pool) -> pool?n; has[n] = NOBODY };
     complete(n, NOTAPP, NIL, REACTOR); n = 0
  :: stalled && state == UP && qlen > 0 -> fail();  /* the watchdog of progress */
     if :: sweeper -> sweep(REACTOR) :: else fi
  :: atomic { post_down -> post_down = false; assert(state == DOWN && reader == NONE && writer == NONE && qlen == 0);
       assert(rd_in == 0 && wr_in == 0 && !post_w && !reading);
       do :: nempty(c2s) -> c2s?rep :: empty(c2s) -> break od;
       do :: nempty(s2c) -> s2c?rep :: empty(s2c) -> break od;
       do :: nempty(ubuf) -> ubuf?rep :: empty(ubuf) -> break od; rep = 0;
       eof = false; shut = false; stalled = false; hup = false; armed = false; post_r = false;
       if
       :: closing -> state = CLOSED
       :: else -> state = UP; reader = REACTOR; watch(true)                    /* dialled again */
       fi }
  od
}

proctype Server() {
  byte t;
end:
  do
  :: atomic { !eof && !stalled && nempty(c2s) -> c2s?t;
       assert(!executed[t]); assert(outcome[t] != NOTAPP);                     /* A5 */
       if
       :: executed[t] = true; s2c!t
       :: eofs > 0 && !shut -> executed[t] = true; eofs--; eof = true; hup = true
       :: refusals > 0 -> refusals--; s2c!t + REFUSED
       fi; t = 0 }
#if EOFS
  :: atomic { eofs > 0 && !eof && !shut && state == UP -> eofs--; eof = true; hup = true;
       if :: skip :: do :: nempty(s2c) -> s2c?t :: empty(s2c) -> break od fi; t = 0 }    /* FIN, or reset */
#endif
#if STALLS
  :: d_step { stalls > 0 && state == UP && !stalled -> stalls--; stalled = true }
#endif
  od
}

#if CLOSES
proctype Closer() {
  byte tmp, old, to, nxt; bool found, sweeper, wake, w;
  closing = true;
  fail();
  if :: sweeper -> sweep(CALLER) :: else fi;
  atomic { state == CLOSED && empty(doneq) -> close_returned = true }
}
#endif

/* A7: these hold in every state between two critical sections. */
proctype Monitor() {
end:
  do
  :: atomic { state == UP && reader == NONE && qlen > 0 -> assert(false) }
  :: atomic { state == UP && writer == NONE && nfill + nsend > 0 -> assert(false) }
  :: atomic { state == UP && armed != (reader == REACTOR) -> assert(false) }
  od
}

init {
  byte i;
  atomic {
    i = 0; do :: i < NO -> has[i] = NOBODY; i++ :: else -> break od;
    i = 0; do :: i < NB -> run Caller(i); i++ :: else -> break od;
    run Reactor(); run Server(); run Monitor();
#if CLOSES
    run Closer();
#endif
  };
  timeout -> resting = true;                        /* nothing can move any more, only time goes by */
  timeout;
  assert(ended == NB);                              /* A8 */
  i = 0; do :: i < NT -> assert(outcome[i] != 0); i++ :: else -> break od;
  i = 0; do :: i < NO -> assert(!alive[i] && has[i] == NOBODY); i++ :: else -> break od;
  assert(qlen == 0 && nfill == 0 && nsend == 0 && empty(doneq) && empty(line) && empty(pool) && rd_in == 0 && wr_in == 0);
  assert(empty(ubuf) && permits == LIMIT && !reading);
  assert((state == UP && !eof) || state == CLOSED);
#if CLOSES
  assert(close_returned)
#endif
}
