-- Products of a category by price: the first rows of each category's part give a page of its subtree.
CREATE INDEX idx_products_category_price ON products (category_id, price_minor, id) WHERE is_active;
