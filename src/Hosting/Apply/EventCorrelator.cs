using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Apply;

/// <summary>Which events were told lately, how often, and how much an object may still say.</summary>
internal sealed class EventCorrelator(TimeProvider clock)
{
    private const int Burst = 25;
    private const int MostSubjects = 4096;
    private static readonly TimeSpan Refill = TimeSpan.FromMinutes(5);

    /// <summary>What has not repeated for so long is news again.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Subject> _subjects = [];

    /// <summary>Counts an event; returns its record when it is to be published now, null when its subject has said enough.</summary>
    public Entry? Enter(string subjectUid, string text)
    {
        lock (_gate)
        {
            var now = clock.GetUtcNow();
            if (!_subjects.TryGetValue(subjectUid, out var subject))
            {
                if (_subjects.Count >= MostSubjects)
                    Prune(now);
                _subjects[subjectUid] = subject = new(now);
            }

            subject.LastSeen = now;
            if (!subject.Entries.TryGetValue(text, out var entry) || now - entry.LastSeen > Memory)
            {
                Forget(subject, now);
                subject.Entries[text] = entry = new();
            }

            entry.LastSeen = now;
            entry.Count++;
            return subject.Spend(now) ? entry : null;
        }
    }

    /// <summary>FNV-1a: the same in every process, which <see cref="string.GetHashCode()"/> is not.</summary>
    public static uint Hash(string text) => text.Aggregate(2166136261u, (hash, letter) => unchecked((hash ^ letter) * 16777619u));

    private static void Forget(Subject subject, DateTimeOffset now)
    {
        foreach (var (text, entry) in subject.Entries)
        {
            if (now - entry.LastSeen > Memory)
                subject.Entries.Remove(text);
        }
    }

    private void Prune(DateTimeOffset now)
    {
        foreach (var (uid, subject) in _subjects)
        {
            if (now - subject.LastSeen > Memory)
                _subjects.Remove(uid);
        }

        if (_subjects.Count >= MostSubjects)
            _subjects.Remove(_subjects.MinBy(pair => pair.Value.LastSeen).Key);
    }

    internal sealed class Entry
    {
        public NamespacedName? Name { get; set; }

        public int Count { get; set; }

        public DateTimeOffset LastSeen { get; set; }
    }

    private sealed class Subject(DateTimeOffset now)
    {
        private double _tokens = Burst;
        private DateTimeOffset _filled = now;

        public Dictionary<string, Entry> Entries { get; } = [];

        public DateTimeOffset LastSeen { get; set; } = now;

        public bool Spend(DateTimeOffset at)
        {
            _tokens = Math.Min(Burst, _tokens + (at - _filled) / Refill);
            _filled = at;
            if (_tokens < 1)
                return false;
            _tokens--;
            return true;
        }
    }
}
