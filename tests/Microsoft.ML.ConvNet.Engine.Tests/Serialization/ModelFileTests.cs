using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Ops;
using Microsoft.ML.ConvNet.Serialization;

namespace Microsoft.ML.ConvNet.Tests.Serialization;

public sealed class ModelFileTests : IDisposable
{
    private const int PrefixLength = 24;

    // What headers may say that is not so, each as a change of a right one.
    private static readonly Dictionary<string, Action<JsonNode>> _lies = new()
    {
        ["no nodes"] = h => h["nodes"] = new JsonArray(),
        ["nodes missing"] = h => h.AsObject().Remove("nodes"),
        ["nodes null"] = h => h["nodes"] = null,
        ["a node null"] = h => h["nodes"]![1] = null,
        ["a name null"] = h => NodeOf(h, "dense1")["name"] = null,
        ["an op null"] = h => NodeOf(h, "dense1")["op"] = null,
        ["attributes null"] = h => NodeOf(h, "dense1")["attributes"] = null,
        ["attributes a number"] = h => NodeOf(h, "dense1")["attributes"] = 5,
        ["inputs null"] = h => NodeOf(h, "dense1")["inputs"] = null,
        ["inputs missing"] = h => NodeOf(h, "dense1")["inputs"] = new JsonArray(),
        ["inputs missing of a pool"] = h => NodeOf(h, "maxPool1")["inputs"] = new JsonArray(),
        ["inputs missing of a convolution"] = h => NodeOf(h, "conv1")["inputs"] = new JsonArray(),
        ["inputs missing of an activation"] = h => NodeOf(h, "relu1")["inputs"] = new JsonArray(),
        ["one input too many"] = h => NodeOf(h, "relu1")["inputs"]!.AsArray().Add(0),
        ["an input for an input"] = h => NodeOf(h, "dense1")["inputs"]![1] = 0,
        ["an input that comes later"] = h => NodeOf(h, "relu1")["inputs"]![0] = 99,
        ["an input that is itself"] = h => NodeOf(h, "conv1")["inputs"]![0] = IndexOf(h, "conv1"),
        ["a negative input"] = h => NodeOf(h, "relu1")["inputs"]![0] = -1,
        ["no output"] = h => h["output"] = -1,
        ["an output beyond the end"] = h => h["output"] = 1000,
        ["an output that leaves parameters out"] = h => h["output"] = IndexOf(h, "conv1"),
        ["an extent of zero"] = h => NodeOf(h, "conv1.weight")["attributes"]!["shape"]![0] = 0,
        ["an extent of a billion"] = h => NodeOf(h, "input1")["attributes"]!["shape"]![0] = 1_000_000_000,
        ["another shape of a parameter"] = h => NodeOf(h, "dense1.bias")["attributes"]!["shape"] = new JsonArray(7),
        ["a shape that is null"] = h => NodeOf(h, "input1")["attributes"]!["shape"] = null,
        ["a shape that is text"] = h => NodeOf(h, "input1")["attributes"]!["shape"] = "3×3",
        ["a required attribute missing"] = h => NodeOf(h, "maxPool1")["attributes"]!.AsObject().Remove("window"),
        ["a stride of zero"] = h => NodeOf(h, "maxPool1")["attributes"]!["window"]!["width"]!["stride"] = 0,
        ["a window of minus one"] = h => NodeOf(h, "conv1")["attributes"]!["window"]!["height"]!["size"] = -1,
        ["a window whose extent overflows"] = h => NodeOf(h, "conv1")["attributes"]!["window"]!["height"]!["dilation"] = int.MaxValue,
        ["padding that overflows"] = h => NodeOf(h, "conv1")["attributes"]!["window"]!["height"]!["before"] = int.MaxValue,
        ["groups of zero"] = h => NodeOf(h, "conv1")["attributes"]!["groups"] = 0,
        ["a rate of two"] = h => NodeOf(h, "dropout1")["attributes"]!["rate"] = 2,
        ["a name twice"] = h => NodeOf(h, "relu1")["name"] = "conv1",
        ["tensors null"] = h => h["tensors"] = null,
        ["a tensor null"] = h => h["tensors"]![0] = null,
        ["tensors missing"] = h => h["tensors"] = new JsonArray(),
        ["another offset"] = h => h["tensors"]![0]!["offset"] = 16,
        ["another tensor shape"] = h => h["tensors"]![0]!["shape"]![0] = 1,
        ["a tensor shape of zero"] = h => h["tensors"]![0]!["shape"]![0] = 0,
        ["a field that nobody knows"] = h => h["comment"] = "hello",
        ["parameters of many billions"] = h =>
        {
            // x + Σ a + Σ b, where a and b are larger than all that fits.
            var nodes = new JsonArray(NodeOf(h, "input1").DeepClone());
            foreach (var variable in new[] { "conv1.weight", "conv1.bias" })
            {
                nodes.Add(NodeOf(h, variable).DeepClone());
                nodes[^1]!["attributes"]!["shape"] = new JsonArray(2_000_000_000);
                nodes.Add(Entry($"{variable}.sum", "Reduce", nodes.Count - 1));
                nodes[^1]!["attributes"] = new JsonObject { ["shape"] = new JsonArray(1), ["batched"] = false };
            }

            nodes.Add(Entry("sum", "Add", 2, 4));
            nodes.Add(Entry("output", "Add", 0, 5));
            (h["nodes"], h["output"]) = (nodes, 6);
        },
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("convnet-").FullName;

    private string ModelPath => Path.Combine(_folder, "model.convnet");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_network_of_every_layer_comes_back_bit_by_bit()
    {
        var network = Everything();
        network.Save(ModelPath);
        var loaded = Network.Load(ModelPath);

        Assert.Equal(network.Weights, loaded.Weights);
        Assert.Equal(network.Nodes.Select(n => n.ToString()), loaded.Nodes.Select(n => n.ToString()));
        Assert.Equal(network.Nodes.Select(Attributes), loaded.Nodes.Select(Attributes));
        Assert.Equal(network.Layout.Variables.Select(v => (v.Node.Name, v.Offset, v.Trainable)), loaded.Layout.Variables.Select(v => (v.Node.Name, v.Offset, v.Trainable)));
        Assert.Equal(network.Summary(), loaded.Summary());
        Assert.Equal(Predict(network), Predict(loaded));

        // How a parameter starts is not stored.
        static object Attributes(Node node) => node.Op is VariableOp variable ? variable with { Initializer = Initializer.Zeros } : node.Op;
    }

    [Fact]
    public void Pooling_and_upsampling_come_back_with_their_attributes()
    {
        var x = Network.Input(4, 7, 9, "image").Conv(4, 1);
        var pooled = x.MaxPool(3, stride: 2, padding: 1, dilation: 1, ceilMode: true);
        var network = Initialized(pooled.MaxUnpool(pooled).LpPool(2, power: 3, ceilMode: true)
            .Upsample(2).Resize((5, 11), ResizeMode.Linear, alignCorners: true).BedOfNails((1, 2)).PixelShuffle(2)
            .AveragePool(3, stride: 2, ceilMode: true).AdaptiveAveragePool((2, 3)).GlobalMaxPool().Dense(2));
        var loaded = Read(Bytes(network));
        Assert.Equal(network.Nodes.Where(n => n.Op is not VariableOp).Select(n => n.Op), loaded.Nodes.Where(n => n.Op is not VariableOp).Select(n => n.Op));
        Assert.Equal(Predict(network), Predict(loaded));
    }

    [Fact]
    public void A_loaded_network_is_saved_as_the_same_bytes()
    {
        var first = Bytes(Everything());
        Assert.Equal(first, Bytes(Read(first)));
    }

    [Fact]
    public void A_loaded_network_can_be_built_upon()
    {
        var loaded = Read(Bytes(Initialized(Network.Input(1, 9, 9).Conv(2, 3).Relu().Conv(2, 3).Dropout().Dense(4))));
        Network longer = loaded.Output.Relu().Dense(3).Dropout();
        Assert.Equal(["relu2", "dense2", "dropout2"], longer.Nodes.Where(n => n.Op is not VariableOp).Select(n => n.Name).TakeLast(3));
        Assert.Equal(2, longer.Nodes.Select(n => n.Op).OfType<DropoutOp>().Select(d => d.Salt).Distinct().Count());
    }

    [Fact]
    public void Attributes_that_json_has_no_numbers_for_come_back_too()
    {
        var network = Read(Bytes(Initialized(new Node(new AffineOp { Factor = float.PositiveInfinity, Offset = float.NaN }, [Network.Input([1])]))));
        Assert.Equal(new AffineOp { Factor = float.PositiveInfinity, Offset = float.NaN }, network.Output.Op);
    }

    [Fact]
    public void A_network_without_parameters_comes_back()
    {
        var network = Read(Bytes(Initialized(Network.Input(1, 4, 4).MaxPool(2))));
        Assert.Empty(network.Weights!);
        Assert.Equal([1, 2, 2], network.Output.Shape);
    }

    [Fact]
    public void An_op_of_the_user_comes_back_once_it_is_registered()
    {
        OpRegistry.Register<SquareOp>();
        OpRegistry.Register<SquareOp>();
        var network = Initialized(new Node(new SquareOp { Scale = 3 }, [Network.Input([2], "x").Dense(2)], "square"));
        var loaded = Read(Bytes(network));
        Assert.Equal(new SquareOp { Scale = 3 }, loaded.Output.Op);
        Assert.Equal(Predict(network), Predict(loaded));
    }

    [Fact]
    public void An_op_name_that_is_taken_is_refused()
        => Assert.Contains("The op name 'Relu'", Assert.Throws<ArgumentException>(OpRegistry.Register<ThiefOp>).Message, StringComparison.Ordinal);

    [Fact]
    public void An_op_without_a_name_is_refused()
        => Assert.Contains("has no [Op(\"…\")] attribute", Assert.Throws<InvalidOperationException>(OpRegistry.Register<NamelessOp>).Message, StringComparison.Ordinal);

    [Fact]
    public void An_op_that_is_not_registered_is_named()
    {
        var bytes = Bytes(Initialized(new Node(new StrangeOp(), [Network.Input([2], "x")], "odd")));
        Refuses("The model uses the op 'Strange' (node 'odd'), which this library does not know. Use a newer version of Microsoft.ML.ConvNet, or register the op with OpRegistry.", bytes);
    }

    [Fact]
    public void A_network_without_values_is_not_saved()
    {
        Network network = Network.Input([2]).Dense(1);
        Assert.Throws<InvalidOperationException>(() => network.Save(ModelPath));
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void A_truncated_file_is_refused_wherever_it_ends()
    {
        var bytes = Bytes(Everything());
        for (var i = 0; i <= 60; i++)
        {
            var length = i < 10 ? 3 * i : bytes.Length - 1 - (int)((long)(60 - i) * (bytes.Length - 30) / 51);
            Refuses("truncated", bytes[..length]);
        }
    }

    [Fact]
    public void A_flipped_bit_is_noticed_wherever_it_is()
    {
        var bytes = Bytes(Everything());
        var key = CounterRandom.Key(1, 2, 3);
        for (var i = 0u; i < 300; i++)
        {
            // All bits of the prefix, and some of the rest.
            var bit = i < 8 * PrefixLength ? (int)i : (int)(CounterRandom.Uniform(key, i) * bytes.Length * 8);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<ModelFileException>(() => Read(bytes));
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Read(bytes);
    }

    [Fact]
    public void Files_of_other_kinds_are_refused()
    {
        Refuses("The model is not a ConvNet model: it starts with 'PK······', not with 'ConvNet'.", [.. "PK\u0003\u0004\n\n\n\n"u8, .. new byte[100]]);
        Refuses("is not a ConvNet model", Encoding.ASCII.GetBytes("a text that somebody wrote, longer than the prefix"));
        Refuses("truncated: 24 bytes are missing", []);
        File.WriteAllText(ModelPath, "short");
        Assert.StartsWith($"'{ModelPath}' is truncated", Assert.Throws<ModelFileException>(() => Network.Load(ModelPath)).Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => Network.Load(ModelPath + ".missing"));
    }

    [Fact]
    public void A_newer_format_is_told_from_damage()
    {
        var bytes = Bytes(Initialized(Network.Input([2]).Dense(1)));
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), 2);
        Refuses("The model has format version 2; this library reads up to 1. Use a newer version of Microsoft.ML.ConvNet.", Sealed(bytes));
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), 0);
        Refuses("The model is damaged: version 0", Sealed(bytes));
    }

    [Fact]
    public void A_newer_op_is_told_from_damage()
        => Refuses("The model uses version 2 of the op 'MatMul' (node 'dense1'); this library knows up to 1. Use a newer version of Microsoft.ML.ConvNet.",
            Rewritten(header => NodeOf(header, "dense1")["version"] = 2));

    [Fact]
    public void An_unknown_attribute_is_named()
        => Refuses("'sparsity'", Rewritten(header => NodeOf(header, "dense1")["attributes"]!["sparsity"] = 0.5));

    public static TheoryData<string> Lies => new(_lies.Keys);

    [Theory]
    [MemberData(nameof(Lies))]
    public void A_header_that_lies_is_refused_even_with_a_right_checksum(string lie)
        => Assert.Throws<ModelFileException>(() => Read(Rewritten(_lies[lie])));

    [Fact]
    public void A_header_that_is_no_json_is_refused()
        => Refuses("has a header that this library cannot read", Container("{ \"nodes\": ["u8.ToArray(), 0, []));

    [Fact]
    public void A_header_of_null_is_refused() => Refuses("has an empty header", Container("null"u8.ToArray(), 0, []));

    [Theory]
    [InlineData(2, int.MaxValue, "truncated")]
    [InlineData(1 << 28, 0, "truncated")]
    [InlineData(2, 1L << 40, "make no sense")]
    [InlineData(2, -1, "make no sense")]
    [InlineData(-1, 0, "make no sense")]
    [InlineData(int.MaxValue, 0, "make no sense")]
    public void Memory_is_not_taken_on_the_word_of_the_file(int headerLength, long floats, string message)
    {
        var prefix = new byte[PrefixLength + 40];
        "ConvNet\0"u8.CopyTo(prefix);
        prefix[8] = 1;
        BinaryPrimitives.WriteInt32LittleEndian(prefix.AsSpan(12), headerLength);
        BinaryPrimitives.WriteInt64LittleEndian(prefix.AsSpan(16), floats);
        var (clock, before) = (Stopwatch.StartNew(), GC.GetAllocatedBytesForCurrentThread());
        Refuses(message, prefix);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void A_large_slab_is_read_in_pieces()
    {
        // More than the megabyte that is taken at first, from a stream that gives little at a time.
        var network = Initialized(Network.Input([1000]).Dense(700));
        var loaded = ModelFile.Read(new Trickle(Bytes(network)));
        Assert.Equal(network.Weights, loaded.Weights);
    }

    [Fact]
    public void Values_lie_on_a_multiple_of_64_bytes_and_little_endian()
    {
        var network = Initialized(Network.Input([2]).Dense(1, bias: false, initializer: Initializer.Values(1, -2)));
        var bytes = Bytes(network);
        var header = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(12));
        var start = (PrefixLength + header + 63) / 64 * 64;
        Assert.Equal(start + (16 * 4) + 32, bytes.Length);
        Assert.Equal([0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0], bytes.AsSpan(start, 8).ToArray());
        Assert.Equal(SHA256.HashData(bytes.AsSpan(0, bytes.Length - 32)), bytes.AsSpan(bytes.Length - 32).ToArray());
    }

    private static Network Everything()
    {
        var x = Network.Input(3, 12, 12, "image");
        var stem = x.Conv(8, 3, stride: 1, padding: 1, dilation: 1).BatchNorm(1e-3f, 0.2f).Relu().MaxPool(3, stride: 2, padding: 1);
        var branches = stem.Conv(4, 3, padding: 2, dilation: 2, groups: 2, bias: false).LeakyRelu(0.2f)
            .Concat(stem.Conv(4, (1, 3), padding: (0, 1)).Sigmoid(), stem.Residual(4));
        var pooled = branches.AveragePool(2, countPadding: false) - branches.AveragePool(2).Tanh();
        var gate = pooled.GlobalAveragePool().Conv(12, 1, initializer: Initializer.Xavier).Sigmoid();
        return Initialized((pooled * gate + x.Variable([12, 1, 1], Initializer.Normal(0.1f), "offset"))
            .Dropout(0.3f).Reshape([6, 2, 9]).Dense(7).Dense(5, bias: false).Softmax());
    }

    private static Network Initialized(Network network)
    {
        network.Initialize(seed: 5);
        return network;
    }

    private static float[] Predict(Network network)
    {
        using var plan = Plan.Compile(Computation.Inference(network.Output), network.Layout, new ReferenceBackend(), 2);
        plan.WriteVariables(network.Weights);
        plan.Write(network.Inputs[0], [.. Enumerable.Range(0, 2 * network.Inputs[0].Shape.Length).Select(i => (float)CounterRandom.Normal(6, (uint)i))]);
        plan.Run(2);
        var values = new float[2 * network.Output.Shape.Length];
        plan.Read(0, values);
        return values;
    }

    private static byte[] Bytes(Network network)
    {
        var stream = new MemoryStream();
        ModelFile.Write(network, stream);
        return stream.ToArray();
    }

    private static Network Read(byte[] bytes) => ModelFile.Read(new MemoryStream(bytes));

    private static void Refuses(string message, byte[] bytes)
        => Assert.Contains(message, Assert.Throws<ModelFileException>(() => Read(bytes)).Message, StringComparison.Ordinal);

    /// <summary>A model whose header was changed, with a right checksum.</summary>
    private static byte[] Rewritten(Action<JsonNode> change)
    {
        var bytes = Bytes(Initialized(Network.Input(2, 6, 6).Conv(4, 3).Relu().MaxPool(2).Dropout().Dense(3)));
        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(12));
        var header = JsonNode.Parse(bytes.AsSpan(PrefixLength, length))!;
        change(header);
        var slab = bytes.AsSpan((PrefixLength + length + 63) / 64 * 64)[..^32];
        return Container(Encoding.UTF8.GetBytes(header.ToJsonString()), slab.Length / sizeof(float), slab);
    }

    private static byte[] Container(byte[] header, long floats, ReadOnlySpan<byte> slab)
    {
        var prefix = new byte[PrefixLength];
        "ConvNet\0"u8.CopyTo(prefix);
        prefix[8] = 1;
        BinaryPrimitives.WriteInt32LittleEndian(prefix.AsSpan(12), header.Length);
        BinaryPrimitives.WriteInt64LittleEndian(prefix.AsSpan(16), floats);
        var padding = new byte[-(PrefixLength + header.Length) & 63];
        return Sealed([.. prefix, .. header, .. padding, .. slab, .. new byte[32]]);
    }

    private static byte[] Sealed(byte[] bytes)
    {
        SHA256.HashData(bytes.AsSpan(0, bytes.Length - 32), bytes.AsSpan(bytes.Length - 32));
        return bytes;
    }

    private static int IndexOf(JsonNode header, string name)
        => header["nodes"]!.AsArray().Index().Single(n => (string)n.Item!["name"]! == name).Index;

    private static JsonObject Entry(string name, string op, params int[] inputs)
        => new() { ["name"] = name, ["op"] = op, ["version"] = 1, ["attributes"] = new JsonObject(), ["inputs"] = new JsonArray([.. inputs.Select(i => (JsonNode)i)]) };

    private static JsonNode NodeOf(JsonNode header, string name) => header["nodes"]![IndexOf(header, name)]!;

    /// <summary>A stream that gives at most 1,000 bytes at a time, as networks do.</summary>
    private sealed class Trickle(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 1000));
    }

    [Op("Tests.Square")]
    private sealed record SquareOp : UnaryOp
    {
        public required float Scale { get; init; }

        public override bool DerivativeOfOutput => false;

        public override T Apply<T>(T x) => T.CreateChecked(Scale) * x * x;

        public override T Derivative<T>(T value) => T.CreateChecked(2 * Scale) * value;
    }

    [Op("Strange")]
    private sealed record StrangeOp : UnaryOp
    {
        public override T Apply<T>(T x) => x;

        public override T Derivative<T>(T value) => T.One;
    }

    [Op("Relu")]
    private sealed record ThiefOp : UnaryOp
    {
        public override T Apply<T>(T x) => x;

        public override T Derivative<T>(T value) => T.One;
    }

    private sealed record NamelessOp : UnaryOp
    {
        public override T Apply<T>(T x) => x;

        public override T Derivative<T>(T value) => T.One;
    }
}
