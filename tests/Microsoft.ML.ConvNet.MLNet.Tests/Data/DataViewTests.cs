using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Tests;

public class DataViewTests
{
    private readonly MLContext _context = new(1);

    [Fact]
    public void Members_become_columns_of_their_types()
    {
        var schema = _context.Data.LoadFromEnumerable(new List<Row>()).Schema;

        Assert.Equal(NumberDataViewType.Single, schema["Field"].Type);
        Assert.Equal(TextDataViewType.Instance, schema["Text"].Type);
        Assert.Equal(BooleanDataViewType.Instance, schema["Flag"].Type);
        Assert.Equal(new KeyDataViewType(typeof(uint), 5), schema["Key"].Type);
        Assert.Equal(new VectorDataViewType(NumberDataViewType.Single, 2, 3), schema["Grid"].Type);
        Assert.Equal(new VectorDataViewType(NumberDataViewType.Int32, 0), schema["Ragged"].Type);
        Assert.False(((VectorDataViewType)schema["Ragged"].Type).IsKnownSize);
        Assert.Equal(NumberDataViewType.Double, schema["Renamed"].Type);
        Assert.Null(schema.GetColumnOrNull("Hidden"));
        Assert.Null(schema.GetColumnOrNull("Original"));
    }

    [Fact]
    public void Rows_survive_a_round_trip()
    {
        var row = new Row { Field = 1.5f, Text = "text", Flag = true, Key = 3, Grid = [1, 2, 3, 4, 5, 6], Ragged = [7, 8], Original = 9, Words = ["a", "bc"] };
        var view = _context.Data.LoadFromEnumerable(new[] { row });
        var read = _context.Data.CreateEnumerable<Row>(view, reuseRowObject: false).Single();

        Assert.Equal((1.5f, "text", true, 9.0), (read.Field, read.Text, read.Flag, read.Original));
        Assert.Equal(row.Grid, read.Grid);
        Assert.Equal(row.Ragged, read.Ragged);
        Assert.Equal(row.Words, read.Words);
    }

    [Fact]
    public void Members_count_keys_from_zero_and_columns_from_one()
    {
        var view = _context.Data.LoadFromEnumerable(new[] { new Row { Key = 0 }, new Row { Key = 4 }, new Row { Key = 5 } });

        Assert.Equal([1u, 5, 0], view.GetColumn<uint>("Key"));
        Assert.Equal([1u, 5, 0], _context.Data.CreateEnumerable<Row>(view, reuseRowObject: false).Select(row => row.Key));
        Assert.Throws<NotSupportedException>(() => _context.Data.LoadFromEnumerable(new[] { new KeyOfNoCount() }));
    }

    [Fact]
    public void A_row_object_is_reused_only_when_asked()
    {
        var view = _context.Data.LoadFromEnumerable(new[] { new Row { Field = 1 }, new Row { Field = 2 } });

        Assert.Equal(2, _context.Data.CreateEnumerable<Row>(view, reuseRowObject: false).Distinct().Count());
        Assert.Single(_context.Data.CreateEnumerable<Row>(view, reuseRowObject: true).Distinct());
    }

    [Fact]
    public void A_missing_column_is_an_error_unless_ignored()
    {
        var view = _context.Data.LoadFromEnumerable(new[] { new { Field = 1f } });

        Assert.Throws<ArgumentOutOfRangeException>(() => _context.Data.CreateEnumerable<Row>(view, reuseRowObject: false).ToList());
        Assert.Equal(1f, _context.Data.CreateEnumerable<Row>(view, reuseRowObject: false, ignoreMissingColumns: true).Single().Field);
        Assert.Contains("Column 'Nothing' not found", Assert.Throws<ArgumentOutOfRangeException>(() => view.Schema["Nothing"]).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => view.GetColumn<float>("Nothing"));
    }

    [Fact]
    public void A_schema_definition_may_set_a_size_at_run_time()
    {
        var definition = SchemaDefinition.Create(typeof(Row));
        definition["Ragged"].ColumnType = new VectorDataViewType(NumberDataViewType.Int32, 2);
        var view = _context.Data.LoadFromEnumerable(new[] { new Row { Ragged = [1, 2] } }, definition);

        Assert.Equal(2, ((VectorDataViewType)view.Schema["Ragged"].Type).Size);
        Assert.Null(definition["Nothing"]);
        definition["Ragged"].ColumnType = NumberDataViewType.Int32;
        Assert.Throws<ArgumentOutOfRangeException>(() => _context.Data.LoadFromEnumerable(new[] { new Row() }, definition));
    }

    [Fact]
    public void Objects_come_in_order_until_they_are_cached()
    {
        var rows = Enumerable.Range(0, 50).Select(i => new Row { Field = i }).ToList();
        var list = _context.Data.LoadFromEnumerable(rows);
        var sequence = _context.Data.LoadFromEnumerable(rows.Where(_ => true));

        Assert.False(list.CanShuffle);
        Assert.Equal(50, list.GetRowCount());
        Assert.False(sequence.CanShuffle);
        Assert.Null(sequence.GetRowCount());
        Assert.Equal(Fields(list, null), Fields(list, new Random(1)));
        var cached = _context.Data.Cache(list);
        Assert.True(cached.CanShuffle);
        var shuffled = Fields(cached, new Random(1));
        Assert.NotEqual(Fields(list, null), shuffled);
        Assert.Equal(Fields(list, null), shuffled.Order());
    }

    [Fact]
    public void Row_ids_stay_with_their_rows()
    {
        var view = _context.Data.Cache(_context.Data.LoadFromEnumerable(Enumerable.Range(0, 20).Select(i => new Row { Field = i }).ToList()));
        var inOrder = Ids(view, null);
        var shuffled = Ids(view, new Random(3));

        Assert.Equal(20, inOrder.Values.Distinct().Count());
        Assert.All(inOrder, pair => Assert.Equal(pair.Value, shuffled[pair.Key]));
    }

    [Fact]
    public void Asking_for_the_wrong_type_or_an_inactive_column_fails()
    {
        var view = _context.Data.LoadFromEnumerable(new[] { new Row() });
        using var cursor = view.GetRowCursor([view.Schema["Field"]]);

        Assert.Throws<InvalidOperationException>(() => cursor.GetGetter<double>(view.Schema["Field"]));
        Assert.Throws<ArgumentOutOfRangeException>(() => cursor.GetGetter<uint>(view.Schema["Key"]));
        Assert.True(cursor.IsColumnActive(view.Schema["Field"]));
        Assert.False(cursor.IsColumnActive(view.Schema["Key"]));
        Assert.Equal(-1, cursor.Position);
    }

    [Fact]
    public void A_later_column_hides_an_earlier_one_of_its_name()
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("X", NumberDataViewType.Single);
        builder.AddColumn("X", TextDataViewType.Instance);
        var schema = builder.ToSchema();

        Assert.Equal(2, schema.Count);
        Assert.True(schema[0].IsHidden);
        Assert.Equal(1, schema["X"].Index);
    }

    [Fact]
    public void Annotations_give_their_values()
    {
        var builder = new DataViewSchema.Annotations.Builder();
        builder.AddPrimitiveValue("Kind", TextDataViewType.Instance, "Score".AsMemory());
        builder.Add("Names", new VectorDataViewType(NumberDataViewType.Single, 2), (ref VBuffer<float> value) => value = new VBuffer<float>(2, [1, 2]));
        var annotations = builder.ToAnnotations();
        ReadOnlyMemory<char> kind = default;
        annotations.GetValue("Kind", ref kind);
        VBuffer<float> names = default;
        annotations.GetValue("Names", ref names);

        Assert.Equal("Score", kind.ToString());
        Assert.Equal([1f, 2], names.DenseValues());
        Assert.Equal("Kind, Names", annotations.ToString());
        Assert.Throws<InvalidOperationException>(() => annotations.GetValue("Other", ref kind));
        Assert.Throws<InvalidOperationException>(() => annotations.GetValue("Names", ref kind));
        Assert.Empty(DataViewSchema.Annotations.Empty.Schema);
    }

    [Fact]
    public void Types_compare_by_what_they_are()
    {
        Assert.Equal("Key<UInt32, 0-4>", new KeyDataViewType(typeof(uint), 5).ToString());
        Assert.Equal("Vector<Single, 3, 2, 2>", new VectorDataViewType(NumberDataViewType.Single, 3, 2, 2).ToString());
        Assert.Equal([3, 2, 2], new VectorDataViewType(NumberDataViewType.Single, 3, 2, 2).Dimensions.ToArray());
        Assert.NotEqual(new VectorDataViewType(NumberDataViewType.Single, 4), new VectorDataViewType(NumberDataViewType.Single, 2, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new KeyDataViewType(typeof(uint), 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new KeyDataViewType(typeof(int), 3));
    }

    private static float[] Fields(IDataView view, Random? random)
    {
        using var cursor = view.GetRowCursor([view.Schema["Field"]], random);
        var getter = cursor.GetGetter<float>(view.Schema["Field"]);
        var values = new List<float>();
        var value = 0f;
        while (cursor.MoveNext())
        {
            getter(ref value);
            values.Add(value);
        }
        return [.. values];
    }

    private static Dictionary<float, DataViewRowId> Ids(IDataView view, Random? random)
    {
        using var cursor = view.GetRowCursor([view.Schema["Field"]], random);
        var getter = cursor.GetGetter<float>(view.Schema["Field"]);
        var idGetter = cursor.GetIdGetter();
        var ids = new Dictionary<float, DataViewRowId>();
        var value = 0f;
        DataViewRowId id = default;
        while (cursor.MoveNext())
        {
            getter(ref value);
            idGetter(ref id);
            ids[value] = id;
        }
        return ids;
    }

    private sealed class KeyOfNoCount
    {
        [KeyType]
        public uint Key { get; set; }
    }

    private sealed class Row
    {
        public float Field;

        public string Text { get; set; } = "";

        public bool Flag { get; set; }

        [KeyType(5)]
        public uint Key { get; set; }

        [VectorType(2, 3)]
        public float[] Grid { get; set; } = new float[6];

        public int[] Ragged { get; set; } = [];

        public string[] Words { get; set; } = [];

        [ColumnName("Renamed")]
        [LoadColumn(3)]
        public double Original { get; set; }

        [NoColumn]
        public int Hidden { get; set; }
    }
}
