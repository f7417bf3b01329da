using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Turnpike.Compiler.Incremental;

/// <summary>Keeps a value that was computed from other objects as long as these are the same objects. Not thread-safe.</summary>
internal sealed class Remembered<T>
{
    private object?[]? _inputs;
    private T? _value;

    /// <summary>
    /// Returns the value for these inputs. They are compared by reference, and the value is computed when they are not those of the last
    /// call.
    /// </summary>
    public T Get(Func<T> make, params object?[] inputs)
    {
        if (_inputs is null || !AreSame(_inputs, inputs))
            (_value, _inputs) = (make(), inputs);
        return _value!;
    }

    private static bool AreSame(object?[] left, object?[] right)
    {
        for (var i = 0; i < left.Length; i++)
        {
            if (!ReferenceEquals(left[i], right[i]))
                return false;
        }
        return true;
    }
}

/// <summary>Compares immutable arrays by reference, first as a whole and then by their elements.</summary>
internal static class Identity
{
    /// <summary>Returns an object that identifies the array: two arrays have the same one exactly if they share their storage.</summary>
    public static object Of<T>(ImmutableArray<T> array) => ImmutableCollectionsMarshal.AsArray(array) ?? (object)Array.Empty<T>();

    /// <summary>Returns true when two arrays hold the same objects in the same order.</summary>
    public static bool AreSame<T>(ImmutableArray<T> left, ImmutableArray<T> right)
        where T : class
    {
        if (left == right)
            return true;
        if (left.Length != right.Length)
            return false;
        for (var i = 0; i < left.Length; i++)
        {
            if (!ReferenceEquals(left[i], right[i]))
                return false;
        }
        return true;
    }
}
