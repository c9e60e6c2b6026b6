use super::ToValue;
use crate::Value;

/// A row of parameters for [`Statement::execute_many`](crate::Statement::execute_many): a tuple of up to twelve, an
/// array or a slice of what [`ToValue`] allows.
///
/// ```
/// use host_guest::ToRow;
///
/// assert_eq!((7, "soup", None::<f64>).to_row().len(), 3);
/// ```
pub trait ToRow {
    /// The values in order.
    fn to_row(&self) -> Vec<Value>;
}

impl<T: ToRow + ?Sized> ToRow for &T {
    fn to_row(&self) -> Vec<Value> {
        (**self).to_row()
    }
}

impl<T: ToValue> ToRow for [T] {
    fn to_row(&self) -> Vec<Value> {
        self.iter().map(T::to_value).collect()
    }
}

impl<T: ToValue> ToRow for Vec<T> {
    fn to_row(&self) -> Vec<Value> {
        self.as_slice().to_row()
    }
}

impl<T: ToValue, const N: usize> ToRow for [T; N] {
    fn to_row(&self) -> Vec<Value> {
        self.as_slice().to_row()
    }
}

macro_rules! tuples {
    ($(($($name:ident $place:tt),+);)+) => {
        $(impl<$($name: ToValue),+> ToRow for ($($name,)+) {
            fn to_row(&self) -> Vec<Value> {
                vec![$(self.$place.to_value()),+]
            }
        })+
    };
}

tuples! {
    (A 0);
    (A 0, B 1);
    (A 0, B 1, C 2);
    (A 0, B 1, C 2, D 3);
    (A 0, B 1, C 2, D 3, E 4);
    (A 0, B 1, C 2, D 3, E 4, F 5);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11);
}
