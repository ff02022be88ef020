// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: argument checks and their messages.
namespace Microsoft.ML.Runtime;

internal static class Contracts
{
    public static T CheckValue<T>(T value, string name)
        where T : class => value ?? throw new ArgumentNullException(name);

    public static string CheckNonEmpty(string value, string name)
    {
        if (string.IsNullOrEmpty(value))
            throw new ArgumentNullException(name, $"{name} cannot be null or empty");
        return value;
    }

    public static void CheckParam(bool condition, string name, string message)
    {
        if (!condition)
            throw new ArgumentOutOfRangeException(name, message);
    }

    public static void CheckDecode(bool condition, string message)
    {
        if (!condition)
            throw new FormatException(message);
    }

    public static Exception MissingColumn(string parameter, string role, string column) =>
        new ArgumentOutOfRangeException(parameter, $"Could not find {role} column '{column}'");

    public static Exception SchemaMismatch(string parameter, string role, string column, string expected, string actual) =>
        new ArgumentOutOfRangeException(parameter, $"Schema mismatch for {role} column '{column}': expected {expected}, got {actual}");
}
