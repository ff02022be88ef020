using System.Runtime.InteropServices;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>The functions of a library of native code.</summary>
/// <param name="library">The library's name.</param>
/// <param name="find">The address of a function by its name; zero where there is none.</param>
internal sealed class NativeExports(string library, Func<string, nint> find)
{
    /// <summary>The library's name.</summary>
    public string Library => library;

    /// <summary>A library that the system's loader finds, or null. It stays loaded.</summary>
    public static NativeExports? Load(string library)
        => NativeLibrary.TryLoad(library, out var handle) ? new(library, name => NativeLibrary.TryGetExport(handle, name, out var address) ? address : 0) : null;

    /// <summary>A function.</summary>
    /// <exception cref="VendorLibraryException">The library has no such function.</exception>
    public TFunction Get<TFunction>(string name)
        where TFunction : Delegate
        => find(name) is not 0 and var address
            ? Marshal.GetDelegateForFunctionPointer<TFunction>(address)
            : throw new VendorLibraryException($"{library} has no function {name}.");
}

/// <summary>A library of a vendor cannot be used, or has failed.</summary>
public sealed class VendorLibraryException : Exception
{
    /// <summary>An error with a message.</summary>
    public VendorLibraryException(string message) : base(message)
    {
    }
}
