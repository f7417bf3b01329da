using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Watch;

/// <summary>
/// A change of one object: an addition (no <see cref="Old"/>), a modification (both) or a deletion (no <see cref="New"/>).
/// </summary>
public readonly record struct ObjectChange<T>(NamespacedName Key, T? Old, T? New)
    where T : class;
