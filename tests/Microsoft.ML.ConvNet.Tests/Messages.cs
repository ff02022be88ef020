namespace Microsoft.ML.ConvNet.Tests;

/// <summary>What an exception says, with what its causes say: ML.NET wraps some.</summary>
internal static class Messages
{
    public static string Of(Exception error) => string.Join(" | ", Chain(error).Select(e => e.Message));

    public static void AssertSays(Exception error, params string[] parts)
        => Assert.All(parts, part => Assert.Contains(part, Of(error), StringComparison.Ordinal));

    private static IEnumerable<Exception> Chain(Exception? error)
    {
        for (; error != null; error = error.InnerException)
            yield return error;
    }
}
