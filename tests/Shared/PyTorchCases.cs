using System.Text.Json;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Reads the reference values of <c>tests/data/pytorch</c>; its README lists the attributes and tensors of each op.</summary>
public static class PyTorchCases
{
    /// <summary>Where the files lie.</summary>
    public static string Folder { get; } = Path.Combine(Repository.Root, "tests", "data", "pytorch");

    /// <summary>The cases of one op, for example <c>conv2d</c>.</summary>
    public static IReadOnlyList<PyTorchCase> Load(string op)
    {
        var path = Path.Combine(Folder, op + ".json");
        return JsonSerializer.Deserialize<PyTorchCase[]>(File.ReadAllBytes(path), JsonSerializerOptions.Web)
            ?? throw new InvalidDataException($"{path}: expected an array of cases, found null.");
    }

    /// <summary>The cases of one op as rows of a theory: <c>[MemberData(nameof(Theory), "conv2d", MemberType = typeof(PyTorchCases))]</c>.</summary>
    public static TheoryData<PyTorchCase> Theory(string op) => new(Load(op));
}

/// <summary>One configuration of an op with its inputs and PyTorch's outputs and gradients.</summary>
public sealed record PyTorchCase(string Name, JsonElement Attributes, IReadOnlyDictionary<string, PyTorchTensor> Tensors)
{
    /// <summary>The tensor of this name.</summary>
    public PyTorchTensor this[string tensor] => Tensors.TryGetValue(tensor, out var value)
        ? value
        : throw new KeyNotFoundException($"Case '{Name}' has the tensors {string.Join(", ", Tensors.Keys)}; asked for '{tensor}'.");

    public bool Has(string tensor) => Tensors.ContainsKey(tensor);

    public bool GetBool(string attribute) => Attribute(attribute).GetBoolean();

    public int GetInt(string attribute) => Attribute(attribute).GetInt32();

    public float GetFloat(string attribute) => Attribute(attribute).GetSingle();

    public string GetText(string attribute) => Attribute(attribute).GetString()!;

    public int[] GetInts(string attribute) => [.. Attribute(attribute).EnumerateArray().Select(value => value.GetInt32())];

    public float[] GetFloats(string attribute) => [.. Attribute(attribute).EnumerateArray().Select(value => value.GetSingle())];

    /// <summary>The name: what the test explorer shows.</summary>
    public override string ToString() => Name;

    private JsonElement Attribute(string name) => Attributes.TryGetProperty(name, out var value)
        ? value
        : throw new KeyNotFoundException($"Case '{Name}' has the attributes {Attributes}; asked for '{name}'.");
}

/// <summary>Values in row-major order; a scalar has an empty shape.</summary>
public sealed record PyTorchTensor(int[] Shape, float[] Data);
