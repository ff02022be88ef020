using System.Text.Json;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Serialization;

/// <summary>
/// Networks as files: the graph with stable op names, their versions and attributes, and a table of tensors, as JSON; the
/// values of parameters and states as one slab. See <see cref="SlabFile"/> for the bytes.
/// </summary>
public static class ModelFile
{
    /// <summary>Writes a network to a file, which replaces an older one only once it is complete.</summary>
    /// <exception cref="InvalidOperationException">The network has no values.</exception>
    public static void Save(Network network, string path)
    {
        network.RequireWeights();
        AtomicFile.Write(path, stream => Write(network, stream));
    }

    /// <summary>Reads a network from a file.</summary>
    /// <exception cref="ModelFileException">The file is no model, damaged, or newer than this library.</exception>
    public static Network Load(string path)
    {
        using var stream = File.OpenRead(path);
        return Read(stream, $"'{path}'");
    }

    /// <summary>Writes a network to a stream.</summary>
    /// <exception cref="InvalidOperationException">The network has no values.</exception>
    public static void Write(Network network, Stream stream) => SlabFile.Write(stream, HeaderOf(network), network.RequireWeights());

    /// <summary>Reads a network from a stream.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="name">What errors call it.</param>
    /// <exception cref="ModelFileException">The stream is no model, damaged, or newer than this library.</exception>
    public static Network Read(Stream stream, string name = "The model")
    {
        var (header, slab) = SlabFile.Read<Header>(stream, name);
        try
        {
            var network = new Network(Build(header, name));
            CheckTensors(network, header, slab.Length, name);
            network.SetWeights(slab);
            return network;
        }
        catch (Exception error) when (error is ArgumentException or JsonException or InvalidOperationException)
        {
            throw new ModelFileException($"{name} does not describe a network: {error.Message}", error);
        }
    }

    private static Header HeaderOf(Network network)
    {
        var indices = network.Nodes.Index().ToDictionary(n => n.Item, n => n.Index);
        return new Header
        {
            Nodes = [.. network.Nodes.Select(n => new NodeEntry
            {
                Name = n.Name,
                Op = n.Op.Name,
                Version = OpRegistry.AttributeOf(n.Op.GetType()).Version,
                Attributes = JsonSerializer.SerializeToElement(n.Op, n.Op.GetType(), SlabFile.Json),
                Inputs = [.. n.Inputs.Select(i => indices[i])],
            })],
            Output = indices[network.Output],
            Tensors = [.. network.Layout.Variables.Select(v => new TensorEntry { Name = v.Node.Name, Shape = v.Node.Shape, Offset = v.Offset })],
        };
    }

    private static Node Build(Header header, string name)
    {
        if (header.Nodes.Contains(null!) || header.Tensors.Contains(null!))
            throw new ModelFileException($"{name} is damaged: an entry of its header is null.");
        var nodes = new List<Node>();
        var scope = new NameScope();
        foreach (var entry in header.Nodes)
        {
            var type = OpRegistry.Find(entry.Op)
                ?? throw new ModelFileException($"{name} uses the op '{entry.Op}' (node '{entry.Name}'), which this library does not know. Use a newer version of Microsoft.ML.ConvNet, or register the op with OpRegistry.");
            if (entry.Version > OpRegistry.AttributeOf(type).Version)
                throw new ModelFileException($"{name} uses version {entry.Version} of the op '{entry.Op}' (node '{entry.Name}'); this library knows up to {OpRegistry.AttributeOf(type).Version}. Use a newer version of Microsoft.ML.ConvNet.");
            if (entry.Inputs.Any(i => i < 0 || i >= nodes.Count))
                throw new ModelFileException($"{name} is damaged: node '{entry.Name}' refers to a node that does not come before it.");
            var op = (Op?)entry.Attributes.Deserialize(type, SlabFile.Json)
                ?? throw new ModelFileException($"{name} is damaged: node '{entry.Name}' has no attributes.");

            // Layers that are added to the network get names and random numbers of their own.
            scope.Reserve(entry.Name);
            if (op is DropoutOp dropout)
                scope.Reserve($"dropout salt{dropout.Salt}");
            nodes.Add(new Node(op, [.. entry.Inputs.Select(i => nodes[i])], entry.Name, scope));
        }

        return header.Output >= 0 && header.Output < nodes.Count
            ? nodes[header.Output]
            : throw new ModelFileException($"{name} is damaged: its output is node {header.Output} of {nodes.Count}.");
    }

    private static void CheckTensors(Network network, Header header, int length, string name)
    {
        var expected = network.Layout.Variables.Select(v => (v.Node.Name, v.Node.Shape, v.Offset));
        if (!expected.SequenceEqual(header.Tensors.Select(t => (t.Name, t.Shape, t.Offset))) || length != network.Layout.Length)
            throw new ModelFileException($"{name} is damaged: its table of tensors does not match its graph.");
    }

    private sealed record Header
    {
        public required IReadOnlyList<NodeEntry> Nodes { get; init; }

        public required int Output { get; init; }

        public required IReadOnlyList<TensorEntry> Tensors { get; init; }
    }

    private sealed record NodeEntry
    {
        public required string Name { get; init; }

        public required string Op { get; init; }

        public required int Version { get; init; }

        public required JsonElement Attributes { get; init; }

        public required IReadOnlyList<int> Inputs { get; init; }
    }

    private sealed record TensorEntry
    {
        public required string Name { get; init; }

        public required Shape Shape { get; init; }

        public required int Offset { get; init; }
    }
}
