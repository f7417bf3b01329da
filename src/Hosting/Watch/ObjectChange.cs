using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Watch;

/// <summary>What happened to one object: added (no <see cref="Old"/>), changed (both), deleted (no <see cref="New"/>).</summary>
public readonly record struct ObjectChange<T>(NamespacedName Key, T? Old, T? New)
    where T : class;
