using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Apply;

/// <summary>Counts recent events, so that repeated ones share a record, and limits the events of one object.</summary>
internal sealed class EventCorrelator(TimeProvider clock)
{
    private const int Burst = 25;
    private const int MostSubjects = 4096;
    private static readonly TimeSpan Refill = TimeSpan.FromMinutes(5);

    /// <summary>The time after which an event that has not repeated gets a new record.</summary>
    private static readonly TimeSpan SeriesTimeout = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Subject> _subjects = [];

    /// <summary>Counts an event. Returns its record, or null when the object has used up its events and this one is dropped.</summary>
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
            if (!subject.Entries.TryGetValue(text, out var entry) || now - entry.LastSeen > SeriesTimeout)
            {
                Forget(subject, now);
                subject.Entries[text] = entry = new();
            }

            entry.LastSeen = now;
            entry.Count++;
            return subject.Spend(now) ? entry : null;
        }
    }

    /// <summary>Computes FNV-1a, which is the same in every process; <see cref="string.GetHashCode()"/> is not.</summary>
    public static uint Hash(string text) => text.Aggregate(2166136261u, (hash, letter) => unchecked((hash ^ letter) * 16777619u));

    private static void Forget(Subject subject, DateTimeOffset now)
    {
        foreach (var (text, entry) in subject.Entries)
        {
            if (now - entry.LastSeen > SeriesTimeout)
                subject.Entries.Remove(text);
        }
    }

    private void Prune(DateTimeOffset now)
    {
        foreach (var (uid, subject) in _subjects)
        {
            if (now - subject.LastSeen > SeriesTimeout)
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
