using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace Microsoft.ML.ConvNet.Tests;

public class KeyTests
{
    private readonly MLContext _context = new(1);

    [Fact]
    public void Keys_count_from_one_in_the_order_of_appearance()
    {
        var view = Map(_context.Transforms.Conversion.MapValueToKey("Key", "Label"), "dog", "cat", "dog", "", "bird");

        Assert.Equal(new KeyDataViewType(typeof(uint), 3), view.Schema["Key"].Type);
        Assert.Equal([1u, 2, 1, 0, 3], view.GetColumn<uint>("Key"));
        Assert.Equal(["dog", "cat", "bird"], KeyValues(view, "Key"));
    }

    [Fact]
    public void Keys_may_follow_the_order_of_the_values()
    {
        var view = Map(
            _context.Transforms.Conversion.MapValueToKey("Key", "Label", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue), "dog", "cat", "Zebra");

        Assert.Equal(["Zebra", "cat", "dog"], KeyValues(view, "Key"));
        Assert.Equal([3u, 2, 1], view.GetColumn<uint>("Key"));
    }

    [Fact]
    public void Values_that_were_not_there_at_fitting_are_missing()
    {
        var data = Labels("a", "b");
        var transformer = _context.Transforms.Conversion.MapValueToKey("Key", "Label").Fit(data);

        Assert.Equal([2u, 0, 1], transformer.Transform(Labels("b", "new", "a")).GetColumn<uint>("Key"));
    }

    [Fact]
    public void Key_data_decides_the_keys()
    {
        var view = Map(_context.Transforms.Conversion.MapValueToKey("Key", "Label", keyData: Labels("x", "y", "z")), "z", "x");

        Assert.Equal([3u, 1], view.GetColumn<uint>("Key"));
        Assert.Equal(3ul, ((KeyDataViewType)view.Schema["Key"].Type).Count);
    }

    [Fact]
    public void A_limit_leaves_later_values_out()
    {
        var view = Map(_context.Transforms.Conversion.MapValueToKey("Key", "Label", maximumNumberOfKeys: 2), "a", "b", "c");

        Assert.Equal([1u, 2, 0], view.GetColumn<uint>("Key"));
    }

    [Fact]
    public void Numbers_become_keys_and_come_back()
    {
        var data = _context.Data.LoadFromEnumerable(new[] { new { Label = 7f }, new { Label = float.NaN }, new { Label = 3f } });
        var pipeline = _context.Transforms.Conversion.MapValueToKey("Label").Append(_context.Transforms.Conversion.MapKeyToValue("Value", "Label"));
        var view = pipeline.Fit(data).Transform(data);

        Assert.Equal([1u, 0, 2], view.GetColumn<uint>("Label"));
        Assert.Equal([7f, float.NaN, 3], view.GetColumn<float>("Value"));
    }

    [Fact]
    public void A_missing_key_becomes_empty_text()
    {
        var data = Labels("a", "", "b");
        var pipeline = _context.Transforms.Conversion.MapValueToKey("Key", "Label").Append(_context.Transforms.Conversion.MapKeyToValue("Back", "Key"));

        Assert.Equal(["a", "", "b"], pipeline.Fit(data).Transform(data).GetColumn<string>("Back"));
    }

    [Fact]
    public void Keys_without_values_cannot_be_mapped_back()
    {
        var data = _context.Data.LoadFromEnumerable(new[] { new WithKey { Key = 1 } });

        Assert.Throws<ArgumentOutOfRangeException>(() =>
            _context.Transforms.CopyColumns("Other", "Key").Append(_context.Transforms.Conversion.MapKeyToValue("Back", "Key")).Fit(data));
        Assert.Throws<InvalidOperationException>(() => _context.Transforms.Conversion.MapKeyToValue("Back", "Key").Fit(data));
        var noKey = Assert.Throws<ArgumentOutOfRangeException>(() =>
            _context.Transforms.CopyColumns("Other", "Label").Append(_context.Transforms.Conversion.MapKeyToValue("Label")).Fit(Labels("a")));
        Assert.Contains("Schema mismatch for input column 'Label'", noKey.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_column_that_is_not_there_is_named()
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => _context.Transforms.Conversion.MapValueToKey("Key", "Nothing").Fit(Labels("a")));

        Assert.Contains("Could not find input column 'Nothing'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_shape_of_the_schema_announces_keys_and_their_values()
    {
        // An estimator chain checks shapes before it fits: a key with key values satisfies MapKeyToValue.
        var pipeline = _context.Transforms.Conversion.MapValueToKey("Key", "Label").Append(_context.Transforms.Conversion.MapKeyToValue("Back", "Key"));
        var shape = pipeline.GetOutputSchema(new SchemaShape(_context.Transforms.CopyColumns("A", "Label").GetOutputSchema(ShapeOfLabels())));

        var key = shape.Single(column => column.Name == "Key");
        Assert.True(key.IsKey);
        Assert.Equal(NumberDataViewType.UInt32, key.ItemType);
        Assert.Contains(key.Annotations, column => column.Name == "KeyValues" && column.Kind == SchemaShape.Column.VectorKind.Vector);
        Assert.Equal(TextDataViewType.Instance, shape.Single(column => column.Name == "Back").ItemType);
    }

    private SchemaShape ShapeOfLabels()
    {
        SchemaShape shape = null!;
        var spy = new Spy(captured => shape = captured);
        _context.Transforms.CopyColumns("Copy", "Label").Append(spy).Fit(Labels("a"));
        return shape;
    }

    private IDataView Labels(params string[] labels) => _context.Data.LoadFromEnumerable(labels.Select(label => new { Label = label }).ToList());

    private IDataView Map(ValueToKeyMappingEstimator estimator, params string[] labels)
    {
        var data = Labels(labels);
        return estimator.Fit(data).Transform(data);
    }

    private static string[] KeyValues(IDataView view, string column)
    {
        VBuffer<ReadOnlyMemory<char>> values = default;
        view.Schema[column].Annotations.GetValue("KeyValues", ref values);
        return values.DenseValues().Select(value => value.ToString()).ToArray();
    }

    private sealed class WithKey
    {
        [KeyType(3)]
        public uint Key { get; set; }
    }

    private sealed class Spy(Action<SchemaShape> capture) : IEstimator<ITransformer>
    {
        public ITransformer Fit(IDataView input) => new TransformerChain<ITransformer>();

        public SchemaShape GetOutputSchema(SchemaShape inputSchema)
        {
            capture(inputSchema);
            return inputSchema;
        }
    }
}
