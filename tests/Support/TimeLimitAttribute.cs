using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;
using Xunit.v3;

namespace Turnpike.Tests.Support;

/// <summary>
/// The longest time that a test of this assembly may take. When it has passed, the test is cancelled and fails by this limit. A test that
/// does not heed its cancellation either ends the whole program, which names it: nothing hangs in silence.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class TimeLimitAttribute(int seconds) : BeforeAfterTestAttribute
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    private readonly TimeSpan _limit = TimeSpan.FromSeconds(seconds);
    private readonly ConcurrentDictionary<string, Watch> _running = new();

    public override void Before(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (!Debugger.IsAttached)
            _running[test.UniqueID] = new Watch(test.TestDisplayName, _limit, TestContext.Current);
    }

    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (!_running.TryRemove(test.UniqueID, out var watch))
            return;
        watch.Dispose();
        if (watch.HasExpired)
            throw new TimeoutException($"the test was cancelled, because it took longer than {_limit.TotalSeconds} s");
    }

    private sealed class Watch : IDisposable
    {
        private readonly string _name;
        private readonly ITestContext _context;
        private readonly ITimer _timer;
        private int _calls;

        public Watch(string name, TimeSpan limit, ITestContext context)
        {
            (_name, _context) = (name, context);
            _timer = TimeProvider.System.CreateTimer(_ => Expire(), null, limit, Grace);
        }

        public bool HasExpired => Volatile.Read(ref _calls) > 0;

        public void Dispose() => _timer.Dispose();

        private void Expire()
        {
            if (Interlocked.Increment(ref _calls) == 1)
            {
                Console.Error.WriteLine($"!! {_name} takes too long and is cancelled");
                _context.CancelCurrentTest();
                return;
            }
            Console.Error.WriteLine($"!! {_name} does not heed its cancellation; the program ends");
            Environment.Exit(3);
        }
    }
}
